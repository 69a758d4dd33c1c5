package import HTTPTransfer

/// A user's identity at a registry.
package enum RegistryLogin: Hashable, Sendable {
    case anonymous
    case password(user: String, password: String)
    /// A token that is exchanged only for access tokens (OAuth2's refresh token), and the user's name if there is one.
    case identityToken(String, user: String?)
    /// A token that the registry itself accepts, without a token service (Docker's `registrytoken`).
    case accessToken(String)

    /// The user name that marks the password as an identity token.
    static let tokenUser = "<token>"

    /// Interprets a user name and password.
    package init(user: String, password: String) {
        self = user == Self.tokenUser ? .identityToken(password, user: nil) : .password(user: user, password: password)
    }

    /// The credentials for Basic; `nil` if there is no name and password.
    package var basic: HTTPAddress.Credentials? {
        switch self {
        case .anonymous, .accessToken: nil
        case .password(let user, let password): HTTPAddress.Credentials(user: user, password: password)
        case .identityToken(let token, let user):
            HTTPAddress.Credentials(user: user ?? Self.tokenUser, password: token)
        }
    }
}
