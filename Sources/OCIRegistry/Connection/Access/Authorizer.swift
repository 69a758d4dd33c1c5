import AsyncHTTPClient
import HTTPTransfer
import NIOCore
import NIOHTTP1
import OCIModel

/// What a request carries to be let in.
struct Authorization: Sendable {
    /// The value of the field `Authorization`.
    var header: String
    var isAnonymous: Bool
    /// Of a token: its text and what it was asked for.
    var token: BearerToken?
    /// Whether it was got for this very request, so that asking again gives nothing better.
    var isFresh: Bool
}

/// Finds the authorization for requests to one registry: nothing until it asks, then what it wants, from the cache
/// where that has it.
struct Authorizer: Sendable {
    /// No request is sent more often than this for want of authorization: the first time without, with a cached token,
    /// with a fresh one, with one for what the registry says is missing.
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

    /// What is known to be wanted, before a request; `nil` where nothing is known.
    func authorization(for scopes: [AccessScope]) async throws -> Authorization? {
        guard let scheme = network.logins.scheme(at: registry, repository: scopes.first?.repository) else { return nil }
        return try await authorization(scheme, scopes.map(\.description), scopes.first?.repository, replacing: nil)
    }

    /// A better authorization than the one that was `sent`, after a refusal with `headers` from `address`; `nil` where
    /// there is none. A request that can do with the refusal (`optional`) does without a login too.
    func renewed(
        _ sent: Authorization?, after headers: HTTPHeaders, at address: HTTPAddress, scopes: [AccessScope],
        optional: Bool
    ) async throws -> Authorization? {
        var challenges = AuthChallenge.parse(headers["www-authenticate"])
        // Some registries refuse without a word, and say what they want at their root.
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
                    .denied, "\(registry) wants a user and a password",
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
                    "\(registry) wants the login for it to be sent to \(service.realm), which does not belong to it",
                    hint: "if that is right, log in there by hand and use the token; else do not trust this registry")
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
