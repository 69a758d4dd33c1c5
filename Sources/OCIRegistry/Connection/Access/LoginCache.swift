import OCIModel
import Scheduling
import Synchronization

/// A cache of logins and authentication schemes: each login is looked up once, and only when a registry asks for one.
final class LoginCache: Sendable {
    private struct Key: Hashable {
        var host: RegistryHost
        var repository: RepositoryName?
    }

    private let sources: CredentialSources
    private let turn = Turns<OnlyKey>()
    private let logins = Mutex<[Key: RegistryLogin]>([:])
    private let schemes = Mutex<[Key: AuthScheme]>([:])

    init(_ sources: CredentialSources) { self.sources = sources }

    /// Returns a login. Only one is looked up at a time, because a helper may ask the user.
    func login(for host: RegistryHost, repository: RepositoryName?) async throws -> RegistryLogin {
        let key = Key(host: host, repository: repository)
        if let known = logins.withLock({ $0[key] }) { return known }
        return try await turn.take {
            if let known = logins.withLock({ $0[key] }) { return known }
            let login = try await sources.login(for: host, repository: repository)
            logins.withLock { $0[key] = login }
            return login
        }
    }

    /// Returns the scheme that a repository, or else the registry, required; `nil` if it has not asked yet.
    func scheme(at host: RegistryHost, repository: RepositoryName?) -> AuthScheme? {
        schemes.withLock { $0[Key(host: host, repository: repository)] ?? $0[Key(host: host)] }
    }

    /// Records a scheme. Some registries have a token service for each repository: the first one is the guess for
    /// others.
    func learn(_ scheme: AuthScheme, at host: RegistryHost, repository: RepositoryName?) {
        schemes.withLock { schemes in
            schemes[Key(host: host, repository: repository)] = scheme
            if schemes[Key(host: host)] == nil { schemes[Key(host: host)] = scheme }
        }
    }
}
