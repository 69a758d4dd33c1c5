import HTTPTransfer
import NIOHTTP1
import OCIModel

/// What a response's head says to do with its body. Pure: a status, header fields and what is already there.
enum ResponseReading: Equatable {
    /// Write the body behind what is there.
    case append(validator: String?)
    /// Drop what is there, then write the body.
    case replace(validator: String?)
    case redirect(location: String?)
    /// 404 or 410.
    case missing
    case busy(retryAfter: Duration?)
    /// 416, or a part that does not fit what is there.
    case unresumable(String)
    /// The announced length cannot be the expected file's.
    case wrongLength(Int64)
    case refused

    /// Reads a head, where `offset` bytes of the `expected` file are there already (not 0 only when a range was asked
    /// for).
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

    /// `Content-Range: bytes 100-199/200` must start where we stopped and belong to a file of the expected size.
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

    /// What `If-Range` may carry (RFC 9110, section 13.1.5): a weak ETag may not.
    private static func validator(_ headers: HTTPHeaders) -> String? {
        if let tag = headers.first(name: "etag"), tag.hasPrefix("\""), tag.utf8.count <= 256 { return tag }
        return headers.first(name: "last-modified").flatMap { HTTPDate.parse($0) == nil ? nil : $0 }
    }
}
