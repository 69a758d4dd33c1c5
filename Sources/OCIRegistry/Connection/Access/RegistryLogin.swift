package import HTTPTransfer

/// Who somebody is to a registry.
package enum RegistryLogin: Hashable, Sendable {
    case anonymous
    case password(user: String, password: String)
    /// A token that is good for access tokens alone (OAuth2's refresh token), and the user's name where there is one.
    case identityToken(String, user: String?)
    /// A token that the registry itself takes, without a token service (Docker's `registrytoken`).
    case accessToken(String)

    /// The user name that says that the password is an identity token.
    static let tokenUser = "<token>"

    /// What user and password stand for.
    package init(user: String, password: String) {
        self = user == Self.tokenUser ? .identityToken(password, user: nil) : .password(user: user, password: password)
    }

    /// For Basic; `nil` where there is no name and password.
    package var basic: HTTPAddress.Credentials? {
        switch self {
        case .anonymous, .accessToken: nil
        case .password(let user, let password): HTTPAddress.Credentials(user: user, password: password)
        case .identityToken(let token, let user):
            HTTPAddress.Credentials(user: user ?? Self.tokenUser, password: token)
        }
    }
}
