import HTTPTransfer
import NIOHTTP1
import OCIModel

/// A registry's refusal, reported in its own words (distribution-spec, "Error Codes").
enum RegistryRefusal {
    private struct Document: Decodable {
        struct Entry: Decodable {
            var code: String?
            var message: String?
        }
        var errors: [Entry]
    }

    /// Returns the error for an answer; `body` is at most its first 64 KiB.
    static func error(
        _ method: HTTPMethod, _ address: HTTPAddress, status: HTTPResponseStatus, headers: HTTPHeaders, body: [UInt8]
    ) -> OCIRegistryError {
        let reason = quoted(status.reasonPhrase)
        var message = "\(method.rawValue) \(address): the registry answered \(status.code)"
        if !reason.isEmpty { message += " \(reason)" }
        let words = words(body)
        if !words.isEmpty { message += ", \(words)" }
        if let request = headers.first(name: "x-request-id") ?? headers.first(name: "x-amzn-requestid") {
            message += " (request \(quoted(request, limit: 64)))"
        }
        // Some registries, and what stands before them, say that there were too many requests with another status.
        let meant = (400..<500).contains(status.code) && hasTooMany(body) ? 429 : status.code
        return OCIRegistryError(code(meant), message, status: meant)
    }

    private static func hasTooMany(_ body: [UInt8]) -> Bool { codes(body).contains("TOOMANYREQUESTS") }

    /// Returns whether a document is refused for what it refers to or contains: having it does not make that good.
    static func isOfContent(_ body: [UInt8]) -> Bool {
        !codes(body).isDisjoint(with: ["MANIFEST_BLOB_UNKNOWN", "BLOB_UNKNOWN", "MANIFEST_INVALID", "SIZE_INVALID"])
    }

    private static func codes(_ body: [UInt8]) -> Set<String> { Set(entries(body).compactMap(\.code)) }

    /// Returns the errors that a body lists; none if it does not have the protocol's form.
    private static func entries(_ body: [UInt8]) -> [Document.Entry] {
        (try? CanonicalJSON.decode(Document.self, from: body))?.errors ?? []
    }

    /// Returns the advice for `.denied`.
    static func hint(_ registry: String, isAnonymous: Bool) -> String {
        isAnonymous
            ? "log in with: imagebuild login \(registry)"
            : "the login for \(registry) is wrong or lacks permission; log in again with: imagebuild login \(registry)"
    }

    static func code(_ status: UInt) -> OCIRegistryError.Code {
        switch status {
        case 401, 403, 407: .denied
        case 404, 410: .notFound
        case let status where AttemptFailure.isPassing(status): .busy
        case 409, 412: .conflict
        case 405, 406, 501, 505: .unsupported
        case 413: .tooLarge
        case 400..<500: .refused
        default: .protocolViolation
        }
    }

    /// Returns `CODE: message; CODE: message`, or an empty text if the body does not have the protocol's form.
    static func words(_ body: [UInt8]) -> String {
        let entries = entries(body).prefix(4).map { entry in
            [entry.code, entry.message].compactMap { $0 }.filter { !$0.isEmpty }
                .map { quoted($0, limit: 200) }.joined(separator: ": ")
        }
        return entries.filter { !$0.isEmpty }.joined(separator: "; ")
    }
}
