import HTTPTypes
import HummingbirdCore
import NIOCore
import OCIModel

extension RegistryResponder {
    /// The largest form of a token request in bytes.
    private static let formLimit = 64 << 10

    /// Checks that the request's credentials allow what it does.
    ///
    /// - Throws: `RegistryServerError` `.unauthorized` with a challenge.
    func authorize(_ request: Request, _ route: Route, _ context: Context) async throws {
        if case .open = configuration.access { return }
        let action = Self.action(of: request.method, route)
        // A client that asks for both scopes at once can mount; one that may not read the source can still push.
        let source: RepositoryName? =
            if case .uploads = route { Query(request.uri.query)["from"].flatMap { try? RepositoryName($0) } } else {
                nil
            }
        try await check(request, context, route.repository.map { (action, $0) }, source: source)
    }

    /// Returns whether the request's credentials also allow reading from another repository, for a mount.
    func mayPull(from repository: RepositoryName, _ request: Request, _ context: Context) async -> Bool {
        (try? await check(request, context, (.pull, repository))) != nil
    }

    private func check(
        _ request: Request, _ context: Context,
        _ need: (action: RepositoryAction, repository: RepositoryName)?,
        source: RepositoryName? = nil
    ) async throws {
        if case .open = configuration.access { return }
        let credentials = Credentials(request.headers[.authorization])
        var isPasswordRight = false
        if case .basic(let users) = configuration.access, case .basic(let user, let password)? = credentials {
            isPasswordRight = try await passwords.accept(user, password, by: users, from: context.address)
        }
        try configuration.access.check(
            credentials, isPasswordRight: isPasswordRight, need: need, source: source, origin: origin(of: request),
            now: configuration.now())
    }

    private static func action(of method: HTTPRequest.Method, _ route: Route) -> RepositoryAction {
        switch (route, method) {
        case (.upload, _), (.uploads, _), (_, .put), (_, .post), (_, .patch): .push
        case (_, .delete): .delete
        default: .pull
        }
    }

    private func origin(of request: Request) -> String {
        let host = request.head.authority ?? "\(configuration.address):\(configuration.port)"
        let isSecure =
            switch configuration.trustsProxy ? request.headers[.forwardedProtocol]?.lowercased() : nil {
            case "https": true
            case "http": false
            default: configuration.tls != nil
            }
        return "\(isSecure ? "https" : "http")://\(host)"
    }

    /// Issues a token (distribution, "Token Authentication" and "OAuth2"): the password is in the header of a GET
    /// request or in the form of a POST request.
    func token(_ request: Request, _ context: Context) async throws -> Response {
        guard case .bearer(let users, let settings) = configuration.access else {
            throw RegistryServerError(.nameUnknown, "there is nothing at '/token'")
        }
        var query = Query(request.uri.query)
        var credentials = Credentials(request.headers[.authorization])
        switch request.method {
        case .get: break
        case .post:
            let form = try await request.body.collect(upTo: Self.formLimit)
            query = Query(String(buffer: form))
            guard query["grant_type"] == "password" else {
                throw RegistryServerError(
                    .unsupported, "only the grant type 'password' is supported", status: .badRequest)
            }
            credentials = query["username"].flatMap { user in
                query["password"].map { .basic(user: user, password: $0) }
            }
        default: throw RegistryServerError(.unsupported, "\(request.method) is not supported for '/token'")
        }
        guard case .basic(let user, let password)? = credentials,
            try await passwords.accept(user, password, by: users, from: context.address)
        else {
            var error = RegistryServerError(.unauthorized, "the user name or password is wrong")
            error.headers[.wwwAuthenticate] = #"Basic realm="registry""#
            throw error
        }
        let scopes = query.all("scope").flatMap { $0.split(separator: " ").map(String.init) }
        let token = AccessToken(user: user, expires: configuration.now() + settings.lifetime, scopes: scopes)
        return Self.json(TokenAnswer(token.signed(with: settings.secret), lifetime: settings.lifetime))
    }
}

/// The answer of the token server: the token under both of its names.
private struct TokenAnswer: Encodable {
    var token: String
    var accessToken: String
    var expiresIn: Int64

    init(_ token: String, lifetime: Int64) {
        self.token = token
        accessToken = token
        expiresIn = lifetime
    }

    private enum CodingKeys: String, CodingKey {
        case token
        case accessToken = "access_token"
        case expiresIn = "expires_in"
    }
}
