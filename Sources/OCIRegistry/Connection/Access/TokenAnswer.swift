import OCIModel

/// The answer of a token service (distribution, "Token Authentication Specification").
struct TokenAnswer: Hashable {
    var token: String
    /// The lifetime in seconds.
    var life: Int64

    private struct Document: Decodable {
        var token: String?
        var access_token: String?
        var expires_in: Double?
    }

    /// The shortest lifetime: the specification forbids shorter ones, and services that state one mean this.
    private static let shortestLife: Int64 = 60
    private static let longestLife: Int64 = 86400

    /// Reads an answer; `nil` unless it contains a token that is valid in a header field.
    init?(_ bytes: [UInt8]) {
        guard let document = try? CanonicalJSON.decode(Document.self, from: bytes) else { return nil }
        let texts = [document.token, document.access_token].compactMap { $0 }
        guard let token = texts.first(where: { !$0.isEmpty }), token.utf8.allSatisfy({ (0x21...0x7e).contains($0) })
        else { return nil }
        self.token = token
        let seconds = document.expires_in.flatMap { Int64(exactly: $0.rounded(.down)) } ?? Self.shortestLife
        life = min(max(seconds, Self.shortestLife), Self.longestLife)
    }

    /// The time after its receipt for which the token is used: until 30 s or a fifth of its lifetime before its end,
    /// whichever is less.
    var use: Duration { .seconds(life) - min(.seconds(30), .seconds(life) / 5) }
}
