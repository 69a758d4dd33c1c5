import HTTPTypes
import HummingbirdCore
import OCIModel

/// The rule for who may use a registry. A user with a password may do everything.
package enum AccessControl: Sendable {
    case open
    case basic(PasswordFile)
    /// Clients exchange a password for a token at `/token`; every other endpoint accepts tokens only.
    case bearer(PasswordFile, TokenSettings)
}

/// The settings of the built-in token server.
package struct TokenSettings: Sendable {
    /// The key that signs the tokens: at least 32 random bytes, generated anew at every start.
    package var secret: [UInt8]
    /// The lifetime of a token in seconds; clients expect at least 60 (distribution, "Token Authentication").
    package var lifetime: Int64

    package init(secret: [UInt8], lifetime: Int64 = 300) {
        self.secret = secret
        self.lifetime = lifetime
    }
}

/// The credentials of an `Authorization` header.
enum Credentials: Hashable, Sendable {
    case basic(user: String, password: String)
    case bearer(String)

    /// Reads an `Authorization` header; `nil` if it is missing or uses any other scheme.
    init?(_ header: String?) {
        let parts = (header ?? "").split(separator: " ", maxSplits: 1).map(String.init)
        guard parts.count == 2 else { return nil }
        switch parts[0].lowercased() {
        case "bearer": self = .bearer(parts[1])
        case "basic":
            guard let bytes = Base64.decode(parts[1]), let text = String(validating: bytes, as: UTF8.self),
                let colon = text.firstIndex(of: ":")
            else { return nil }
            self = .basic(user: String(text[..<colon]), password: String(text[text.index(after: colon)...]))
        default: return nil
        }
    }
}

extension AccessControl {
    /// Checks that the credentials suffice for what a request does.
    ///
    /// - Parameters:
    ///   - credentials: The credentials of the request; `nil` if it has none.
    ///   - isPasswordRight: Whether their password, if they have one, was found to be right.
    ///   - need: The action and the repository; `nil` if any authenticated user may send the request.
    ///   - source: Another repository that the request would read, which is named only in the challenge.
    ///   - origin: The scheme, host and port as the client sees them, with which the realm begins.
    ///   - now: The current time in seconds since the epoch.
    /// - Throws: `RegistryServerError` `.unauthorized` with the challenge.
    func check(
        _ credentials: Credentials?, isPasswordRight: Bool,
        need: (action: RepositoryAction, repository: RepositoryName)?,
        source: RepositoryName? = nil, origin: String, now: Int64
    ) throws(RegistryServerError) {
        switch self {
        case .open: return
        case .basic:
            if isPasswordRight { return }
            throw Self.refusal(#"Basic realm="registry""#, isKnown: credentials != nil)
        case .bearer(_, let settings):
            let scope = need.map { "repository:\($0.repository):\($0.action.scope)" }
            var challenge = #"Bearer realm="\#(origin)/token",service="registry""#
            let sourceScope = source.map { " repository:\($0):pull" } ?? ""
            if let scope { challenge += #",scope="\#(scope)\#(sourceScope)""# }
            guard case .bearer(let text)? = credentials else { throw Self.refusal(challenge, isKnown: false) }
            guard let token = AccessToken(text, secret: settings.secret), token.expires > now else {
                throw Self.refusal(challenge + #",error="invalid_token""#, isKnown: true)
            }
            if let need, !token.allows(need.action, on: need.repository) {
                throw Self.refusal(challenge + #",error="insufficient_scope""#, isKnown: true)
            }
        }
    }

    /// Returns the user whose credentials a request has.
    func user(of request: Request) -> String? {
        switch (self, Credentials(request.headers[.authorization])) {
        case (.basic, .basic(let user, _)?), (.bearer, .basic(let user, _)?): user
        case (.bearer(_, let settings), .bearer(let text)?): AccessToken(text, secret: settings.secret)?.user
        default: nil
        }
    }

    /// Returns the repositories that a request's token allows to read; `nil` if all may be read without one.
    func readable(by request: Request) -> [RepositoryName]? {
        guard case .bearer(_, let settings) = self else { return nil }
        guard case .bearer(let text)? = Credentials(request.headers[.authorization]),
            let token = AccessToken(text, secret: settings.secret)
        else { return [] }
        return token.repositories(allowing: .pull)
    }

    private static func refusal(_ challenge: String, isKnown: Bool) -> RegistryServerError {
        var error = RegistryServerError(
            .unauthorized, isKnown ? "the credentials do not permit this request" : "authentication is required")
        error.headers[.wwwAuthenticate] = challenge
        return error
    }
}
