import AsyncHTTPClient
import HTTPTransfer
import NIOHTTP1

extension RegistryConnection {
    /// Repeats a request with an anonymous token if a redirect led to a server on another origin that requires one, and
    /// returns its answer; any other answer is returned as it is. The login is only for the registry, and is never sent
    /// elsewhere.
    func admitted(
        _ answer: HTTPClientResponse, from place: HTTPAddress, _ request: OutgoingRequest, accepted: Set<UInt>
    ) async throws -> (answer: HTTPClientResponse, address: HTTPAddress) {
        var (answer, place) = (answer, place)
        var token: BearerToken?
        // The second round replaces a cached token that has expired. Nothing is written without a login.
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

    /// Requests an anonymous token.
    ///
    /// - Returns: `nil` if the server requires something other than a token.
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
            error.message = "\(host) redirects to \(place), which requires a token: \(error.message)"
            if error.code == .denied { error.hint = "the login for \(host) is not sent there" }
            throw error
        }
    }
}
