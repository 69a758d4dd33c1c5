/// A challenge of `WWW-Authenticate` (RFC 9110, section 11.6.1).
struct AuthChallenge: Hashable, Sendable {
    /// The scheme in lower case.
    var scheme: String
    /// The parameters by their names in lower case; the first of two with the same name counts.
    var parameters: [String: String] = [:]

    private static let countLimit = 32
    private static let lengthLimit = 16384

    /// Parses all challenges of all header fields, in order. Parts that cannot be read are skipped.
    static func parse(_ fields: [String]) -> [AuthChallenge] {
        var challenges: [AuthChallenge] = []
        for field in fields {
            var reader = ChallengeReader(field.utf8.prefix(lengthLimit))
            challenges += reader.challenges()
        }
        return Array(challenges.prefix(countLimit))
    }
}

/// A reader of one field. A word that is followed by `=` is a parameter of the challenge before it, any other begins a
/// new one.
private struct ChallengeReader {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: some Sequence<UInt8>) { rest = Array(bytes)[...] }

    mutating func challenges() -> [AuthChallenge] {
        var challenges: [AuthChallenge] = []
        while true {
            skip { $0 == 0x20 || $0 == 0x09 || $0 == 0x2c }
            guard !rest.isEmpty else { return challenges }
            let word = take(Self.isToken)
            guard !word.isEmpty else {
                rest = rest.dropFirst()
                continue
            }
            let afterWord = rest
            skip { $0 == 0x20 || $0 == 0x09 }
            if rest.first == 0x3d, rest.dropFirst().first != 0x3d, let last = challenges.indices.last {
                rest = rest.dropFirst()
                skip { $0 == 0x20 || $0 == 0x09 }
                let value = rest.first == 0x22 ? quotedString() : take(Self.isToken)
                let name = word.lowercased()
                if challenges[last].parameters[name] == nil { challenges[last].parameters[name] = value }
            } else if rest.first == 0x3d || rest.first == 0x2f {
                // The opaque word of another scheme (`Negotiate YII…==`) is of no use here.
                skip { $0 != 0x2c }
            } else {
                rest = afterWord
                challenges.append(AuthChallenge(scheme: word.lowercased()))
            }
        }
    }

    private mutating func quotedString() -> String {
        var value: [UInt8] = []
        rest = rest.dropFirst()
        while let byte = rest.popFirst(), byte != 0x22 {
            if byte == 0x5c, let escaped = rest.popFirst() { value.append(escaped) } else { value.append(byte) }
        }
        return String(decoding: value, as: UTF8.self)
    }

    private mutating func take(_ belongs: (UInt8) -> Bool) -> String {
        let word = rest.prefix(while: belongs)
        rest = rest.dropFirst(word.count)
        return String(decoding: word, as: UTF8.self)
    }

    private mutating func skip(_ belongs: (UInt8) -> Bool) { rest = rest.drop(while: belongs) }

    /// Returns whether a byte belongs to a token. More is accepted than the grammar allows, because unquoted addresses
    /// and scopes occur in practice.
    private static func isToken(_ byte: UInt8) -> Bool {
        byte > 0x20 && byte < 0x7f && byte != 0x22 && byte != 0x2c && byte != 0x3d
    }
}
