import AsyncHTTPClient
import HTTPTransfer
import NIOCore
import NIOHTTP1
import OCIModel

/// The authorization that a request carries.
struct Authorization: Sendable {
    /// The value of the `Authorization` field.
    var header: String
    var isAnonymous: Bool
    /// The token and the scopes that it was requested for, if it is one.
    var token: BearerToken?
    /// Whether it was obtained for this very request, so that asking again would give nothing better.
    var isFresh: Bool
}

/// Finds the authorization for requests to one registry: nothing until the registry asks, then what it requires, from
/// the cache if possible.
struct Authorizer: Sendable {
    /// The number of times that a request is repeated for lack of authorization: it is sent first without, then with a
    /// cached token, with a fresh one, and with one for what the registry says is missing.
    static let roundLimit = 3

    let registry: RegistryHost
    let base: HTTPAddress
    let network: RegistryNetwork

    static func isChallenge(_ answer: HTTPClientResponse) -> Bool {
        if answer.status.code == 401 { return true }
        return answer.status.code == 403
            && AuthChallenge.parse(answer.headers["www-authenticate"]).contains(where: isInsufficient)
    }

    private static func isInsufficient(_ challenge: AuthChallenge) -> Bool {
        challenge.scheme == "bearer" && challenge.parameters["error"] == "insufficient_scope"
    }

    /// Returns the authorization that is known to be required before a request; `nil` if nothing is known.
    func authorization(for scopes: [AccessScope]) async throws -> Authorization? {
        guard let scheme = network.logins.scheme(at: registry, repository: scopes.first?.repository) else { return nil }
        return try await authorization(scheme, scopes.map(\.description), scopes.first?.repository, replacing: nil)
    }

    /// Returns a better authorization than the one that was `sent`, after a refusal with `headers` from `address`;
    /// `nil` if there is none. A request that accepts the refusal (`optional`) also does without a login.
    func renewed(
        _ sent: Authorization?, after headers: HTTPHeaders, at address: HTTPAddress, scopes: [AccessScope],
        optional: Bool
    ) async throws -> Authorization? {
        var challenges = AuthChallenge.parse(headers["www-authenticate"])
        // Some registries refuse without a challenge, and state their requirements at their root.
        if challenges.isEmpty { challenges = try await rootChallenges() }
        guard !challenges.isEmpty else { return nil }
        let scheme = try AuthScheme(choosing: challenges, from: address)
        let repository = scopes.first?.repository
        network.logins.learn(scheme, at: registry, repository: repository)

        var wanted = scopes.map(\.description)
        let asked = challenges.first { $0.scheme == "bearer" }
        if wanted.isEmpty || asked.map(Self.isInsufficient) == true {
            for scope in (asked?.parameters["scope"] ?? "").split(separator: " ").map(String.init)
            where !wanted.contains(scope) { wanted.append(scope) }
        }
        if let sent, sent.isFresh, sent.token == nil || sent.token?.scopes == wanted { return nil }
        do {
            return try await authorization(scheme, wanted, repository, replacing: sent)
        } catch let error as OCIRegistryError where optional && error.code == .denied {
            return nil
        }
    }

    private func authorization(
        _ scheme: AuthScheme, _ scopes: [String], _ repository: RepositoryName?, replacing sent: Authorization?
    ) async throws -> Authorization? {
        let login = try await network.logins.login(for: registry, repository: repository)
        switch scheme {
        case .basic:
            guard let credentials = login.basic else {
                throw OCIRegistryError(
                    .denied, "\(registry) requires a user name and a password",
                    hint: RegistryRefusal.hint("\(registry)", isAnonymous: true),
                    status: 401)
            }
            return Authorization(header: credentials.basic, isAnonymous: false, isFresh: true)
        case .bearer(let service):
            if case .accessToken(let token) = login {
                return Authorization(header: "Bearer \(token)", isAnonymous: false, isFresh: true)
            }
            guard login == .anonymous || RealmRules.mayGetPassword(service.realm, registry: base) else {
                throw OCIRegistryError(
                    .denied,
                    "\(registry) asks for its login to be sent to \(service.realm), which does not belong to it",
                    hint: "if that is right, get a token there by hand and use it; otherwise do not trust this registry"
                )
            }
            let key = TokenKey(host: base.authority, service: service, scopes: scopes, login: login)
            let isFresh = network.tokens.current(key).map { $0.text == sent?.token?.text } ?? true
            let token = try await network.tokens.token(key, replacing: sent?.token?.text) {
                try await fetch(service, scopes, login)
            }
            return Authorization(
                header: "Bearer \(token.text)", isAnonymous: login == .anonymous, token: token, isFresh: isFresh)
        }
    }

    private func rootChallenges() async throws -> [AuthChallenge] {
        let root = OutgoingRequest(method: .GET, address: try HTTPAddress(base.origin + "/v2/"), headers: [:])
        let (answer, _) = try await network.follow(root, registry: base, authorization: nil)
        await answer.body.discard(limit: network.settings.limits.smallAnswer)
        return AuthChallenge.parse(answer.headers["www-authenticate"])
    }
}
