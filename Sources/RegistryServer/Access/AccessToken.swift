import OCIModel

/// A token of the built-in token server: what it allows and until when, signed, so that the server keeps no record of
/// it.
struct AccessToken: Hashable, Sendable {
    var user: String
    /// The time of expiry in seconds since the epoch.
    var expires: Int64
    /// The scopes in the form in which they were requested: `repository:library/busybox:pull,push`.
    var scopes: [String]

    /// Returns the HMAC (RFC 2104) with SHA-256 of a text, computed over the hexadecimal digits of the inner digest.
    static func signature(of text: String, secret: [UInt8]) -> String {
        var key = secret.count > 64 ? Array(Digest(of: secret).hex.utf8) : secret
        key += [UInt8](repeating: 0, count: 64 - key.count)
        let inner = Digest(of: key.map { $0 ^ 0x36 } + Array(text.utf8))
        return Digest(of: key.map { $0 ^ 0x5c } + Array(inner.hex.utf8)).hex
    }

    func signed(with secret: [UInt8]) -> String {
        let text = Base64.encode(Array(([user, String(expires)] + scopes).joined(separator: "\n").utf8))
        return "\(text).\(Self.signature(of: text, secret: secret))"
    }

    init(user: String, expires: Int64, scopes: [String]) {
        (self.user, self.expires, self.scopes) = (user, expires, scopes)
    }

    /// Reads a token; `nil` if it does not carry this server's signature.
    init?(_ token: String, secret: [UInt8]) {
        let parts = token.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, Self.isSignature(parts[1], of: parts[0], secret: secret),
            let text = Base64.decode(parts[0])
        else { return nil }
        let fields = String(decoding: text, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        guard fields.count >= 2, let expires = Int64(fields[1]) else { return nil }
        self.init(user: String(fields[0]), expires: expires, scopes: fields.dropFirst(2).map(String.init))
    }

    private static func isSignature(_ claimed: String, of text: String, secret: [UInt8]) -> Bool {
        let (claimed, actual) = (Array(claimed.utf8), Array(signature(of: text, secret: secret).utf8))
        return claimed.count == actual.count && zip(claimed, actual).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
    }

    /// Returns whether one of the token's scopes names the repository with the action, or with `*`.
    func allows(_ action: RepositoryAction, on repository: RepositoryName) -> Bool {
        repositories(allowing: action).contains(repository)
    }

    /// Returns the repositories that the token's scopes name with the action, or with `*`.
    func repositories(allowing action: RepositoryAction) -> [RepositoryName] {
        scopes.compactMap { scope in
            let parts = scope.split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count == 3, parts[0] == "repository",
                parts[2].split(separator: ",").contains(where: { $0 == action.rawValue || $0 == "*" })
            else { return nil }
            return try? RepositoryName(String(parts[1]))
        }
    }
}

/// The effect of a request on a repository (distribution, "Token Scope").
enum RepositoryAction: String, Hashable, Sendable {
    case pull, push, delete

    /// The actions to request in a scope: clients that push also pull.
    var scope: String { self == .push ? "pull,push" : rawValue }
}
