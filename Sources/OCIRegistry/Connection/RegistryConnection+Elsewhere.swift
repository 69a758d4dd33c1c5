import AsyncHTTPClient
import HTTPTransfer
import NIOHTTP1

extension RegistryConnection {
    /// What a server on another origin answers to somebody with an anonymous token, where a redirect led to it and it wants
    /// one; any other answer is given back as it is. The login is the registry's alone, and stays there.
    func admitted(
        _ answer: HTTPClientResponse, from place: HTTPAddress, _ request: OutgoingRequest, accepted: Set<UInt>
    ) async throws -> (answer: HTTPClientResponse, address: HTTPAddress) {
        var (answer, place) = (answer, place)
        var token: BearerToken?
        // The second time in the place of a token that was kept and has died. Nobody may write without a login.
        for _ in 0..<2 where request.method == .GET || request.method == .HEAD {
            guard answer.status.code == 401, !accepted.contains(401), place.origin != base.origin,
                let next = try await anonymousToken(after: answer.headers, at: place, replacing: token)
            else { break }
            await answer.body.discard(limit: network.settings.limits.smallAnswer)
            var again = request
            again.address = place
            token = next
            (answer, place) = try await network.follow(
                again, registry: place, authorization: "Bearer \(next.text)", accepted: accepted)
        }
        return (answer, place)
    }

    /// - Returns: `nil` where the server wants something else than a token.
    private func anonymousToken(
        after headers: HTTPHeaders, at place: HTTPAddress, replacing stale: BearerToken?
    ) async throws -> BearerToken? {
        let challenges = AuthChallenge.parse(headers["www-authenticate"]).filter { $0.scheme == "bearer" }
        guard case .bearer(let service) = try challenges.isEmpty ? nil : AuthScheme(choosing: challenges, from: place)
        else { return nil }
        let scopes = (challenges.first?.parameters["scope"] ?? "").split(separator: " ").map(String.init)
        let key = TokenKey(host: place.authority, service: service, scopes: scopes, login: .anonymous)
        do {
            return try await network.tokens.token(key, replacing: stale?.text) {
                try await Authorizer(registry: registry, base: place, network: network)
                    .fetch(service, scopes, .anonymous)
            }
        } catch var error as OCIRegistryError {
            error.message = "\(host) leads to \(place), which wants a token: \(error.message)"
            if error.code == .denied { error.hint = "the login for \(host) is not sent there" }
            throw error
        }
    }
}
