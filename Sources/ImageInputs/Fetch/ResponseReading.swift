import HTTPTransfer
import NIOHTTP1
import OCIModel

/// The way to treat a response's body, decided by its head. It is a pure function of status, header fields and the
/// bytes already present.
enum ResponseReading: Equatable {
    /// Append the body to the bytes already present.
    case append(validator: String?)
    /// Drop the bytes already present, then write the body.
    case replace(validator: String?)
    case redirect(location: String?)
    /// The server answered 404 or 410.
    case missing
    case busy(retryAfter: Duration?)
    /// The server answered 416, or with a part that does not match the bytes already present.
    case unresumable(String)
    /// The announced length cannot be the expected file's.
    case wrongLength(Int64)
    case refused

    /// Reads a head. `offset` is the number of bytes of the `expected` file that are already present, which is not zero
    /// only if a range was requested.
    init(status: HTTPResponseStatus, headers: HTTPHeaders, offset: Int64, expected: ExpectedContent) {
        switch status.code {
        case 200: self = Self.whole(headers, expected)
        case 206: self = Self.part(headers, offset: offset, expected)
        case 301, 302, 303, 307, 308: self = .redirect(location: headers.first(name: "location"))
        case 404, 410: self = .missing
        case 416 where offset > 0: self = .unresumable("416 Range Not Satisfiable")
        case 408, 429, 500...599: self = .busy(retryAfter: RetryAfter.parse(headers))
        default: self = .refused
        }
    }

    private static func whole(_ headers: HTTPHeaders, _ expected: ExpectedContent) -> ResponseReading {
        if let length = headers.first(name: "content-length").flatMap({ Int64($0) }) {
            switch expected {
            case .exactly(_, let size) where length != size: return .wrongLength(length)
            case .upTo(let limit) where length > limit: return .wrongLength(length)
            default: break
            }
        }
        return .replace(validator: validator(headers))
    }

    /// Checks that `Content-Range: bytes 100-199/200` starts at the offset and belongs to a file of the expected size.
    private static func part(_ headers: HTTPHeaders, offset: Int64, _ expected: ExpectedContent) -> ResponseReading {
        let range = headers.first(name: "content-range") ?? ""
        let words = range.split { $0 == " " || $0 == "-" || $0 == "/" }
        guard offset > 0, words.count == 4, words[0].lowercased() == "bytes", Int64(words[1]) == offset else {
            return .unresumable("206 with the range '\(range)'")
        }
        if case .exactly(_, let size) = expected, words[3] != "*", Int64(words[3]) != size {
            return .unresumable("206 with the range '\(range)'")
        }
        return .append(validator: validator(headers))
    }

    /// Returns the validator that `If-Range` may carry (RFC 9110, section 13.1.5), which a weak ETag may not be.
    private static func validator(_ headers: HTTPHeaders) -> String? {
        if let tag = headers.first(name: "etag"), tag.hasPrefix("\""), tag.utf8.count <= 256 { return tag }
        return headers.first(name: "last-modified").flatMap { HTTPDate.parse($0) == nil ? nil : $0 }
    }
}
