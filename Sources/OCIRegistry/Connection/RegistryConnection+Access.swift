/// The kind of authorization that requests to a registry carry.
package enum RegistryAccessKind: Hashable, Sendable {
    case open
    /// The login itself.
    case login
    /// A token, with its lifetime in seconds.
    case token(life: Int64)
}

extension RegistryConnection {
    /// Returns what requests carry, as far as earlier ones have shown; a token that is there is not fetched again.
    package func access(for scopes: [AccessScope]) async throws -> RegistryAccessKind {
        let authorizer = Authorizer(registry: registry, base: try await settled().base, network: network)
        guard let authorization = try await authorizer.authorization(for: scopes) else { return .open }
        return authorization.token.map { .token(life: $0.life) } ?? .login
    }
}
