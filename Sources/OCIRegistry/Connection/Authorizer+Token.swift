import AsyncHTTPClient
import HTTPTransfer
import NIOCore
import NIOHTTP1
import OCIModel
import Scheduling

extension Authorizer {
    /// The statuses with which a service answers the OAuth2 form if it does not support it.
    private static let unknownForm: Set<UInt> = [400, 401, 404, 405]

    /// Requests a token from the service, again after temporary failures.
    ///
    /// - Throws: `OCIRegistryError.Code.denied` if it issues none for this login.
    func fetch(_ service: AuthScheme.TokenService, _ scopes: [String], _ login: RegistryLogin) async throws
        -> BearerToken
    {
        let time = network.settings.time
        let get = try TokenRequest.get(service, scopes: scopes, login: login)
        var bytes: [UInt8]?
        if case .identityToken(let token, _) = login {
            let post = TokenRequest.post(service, scopes: scopes, identityToken: token)
            bytes = try await ask(post, service, scopes, login, passingOver: Self.unknownForm)
        }
        let received = time.now()
        let answer: [UInt8]
        if let bytes {
            answer = bytes
        } else {
            answer = try await ask(get, service, scopes, login, passingOver: []) ?? []
        }
        guard let token = TokenAnswer(answer) else {
            throw OCIRegistryError(.protocolViolation, "\(service.realm): the answer contains no token")
        }
        return BearerToken(text: token.token, renewal: received + token.use, life: token.life, scopes: scopes)
    }

    /// Sends a token request.
    ///
    /// - Returns: The answer's body; `nil` for a status in `passingOver`.
    private func ask(
        _ request: OutgoingRequest, _ service: AuthScheme.TokenService, _ scopes: [String], _ login: RegistryLogin,
        passingOver: Set<UInt>
    ) async throws -> [UInt8]? {
        var request = request
        // The service's own password is for no other service: `follow` keeps it within the realm's origin.
        let authorization = request.headers.first(name: "authorization")
        request.headers.remove(name: "authorization")
        return try await network.repeating(isRepeatable: true, at: service.realm.authority) { [request] in
            do {
                // A body with a token is sent nowhere else.
                let (answer, place) = try await network.follow(
                    request, registry: service.realm, authorization: authorization,
                    accepted: request.method == .POST ? RedirectRules.statuses : [])
                let body = try await answer.body.prefix(bytes: network.settings.limits.tokenAnswer)
                let status = answer.status.code
                if status == 200 { return .answer(Array(body.readableBytesView)) }
                if passingOver.contains(status) { return .answer(nil) }
                let error = refusal(
                    RegistryRefusal.error(
                        request.method, place, status: answer.status, headers: answer.headers,
                        body: Array(body.readableBytesView)), scopes, login)
                return .failed(try network.failure(of: answer, from: place, error))
            } catch let error as HTTPTransferError {
                return .failed(try AttemptFailure(error))
            }
        }
    }

    private func refusal(_ error: OCIRegistryError, _ scopes: [String], _ login: RegistryLogin) -> OCIRegistryError {
        guard error.code == .denied || error.code == .refused || error.code == .notFound else { return error }
        var error = error
        error.code = .denied
        error.message =
            "cannot get a token for \(scopes.isEmpty ? "\(registry)" : quoted(scopes.joined(separator: " "), limit: 400)): \(error.message)"
        error.hint = RegistryRefusal.hint("\(registry)", isAnonymous: login == .anonymous)
        return error
    }
}
