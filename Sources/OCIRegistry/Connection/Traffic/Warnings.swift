import HTTPTransfer
import NIOHTTP1
import OCIModel
import Synchronization

/// A registry's warnings (distribution-spec, "Warnings"): `Warning: 299 - "text"`, each reported once, none acted on.
final class Warnings: Sendable {
    /// The bytes of all warnings of one host; further ones are not reported.
    private static let limit = 4096

    private struct State {
        var told: Set<String> = []
        var bytes: [String: Int] = [:]
    }

    private let state = Mutex(State())
    private let warn: @Sendable (String) -> Void

    init(_ warn: @escaping @Sendable (String) -> Void) { self.warn = warn }

    func report(_ headers: HTTPHeaders, host: String) {
        for value in headers[canonicalForm: "warning"] {
            guard let text = Self.text(value) else { continue }
            let line = "\(host): \(text)"
            let isNew = state.withLock { state in
                guard state.bytes[host, default: 0] + text.utf8.count <= Self.limit, state.told.insert(line).inserted
                else { return false }
                state.bytes[host, default: 0] += text.utf8.count
                return true
            }
            if isNew { warn(line) }
        }
    }

    private static func text(_ value: Substring) -> String? {
        guard value.hasPrefix("299 - \""), value.hasSuffix("\""), value.utf8.count > 8 else { return nil }
        var text = ""
        var isEscaped = false
        for character in value.dropFirst(7).dropLast() {
            if character == "\\", !isEscaped {
                isEscaped = true
            } else {
                text.append(character)
                isEscaped = false
            }
        }
        return quoted(text, limit: limit)
    }
}
