import AsyncHTTPClient
import HTTPTransfer
import NIOCore
import NIOHTTP1
package import OCIModel
package import Scheduling

/// A connection to one registry over HTTP that authorises requests, follows redirects, respects limits, and retries
/// after temporary failures.
package struct RegistryConnection: RegistryTransport {
    package let registry: RegistryHost
    /// The registry's address; its scheme is a guess until `settled` has asked.
    var base: HTTPAddress
    /// Whether the registry is on this machine and did not say what it speaks.
    var isSilent = false
    let network: RegistryNetwork

    package var host: String { registry.description }

    package func patience(ofOperation byteCount: Int64) -> Patience? {
        limits.patience(ofOperation: byteCount, time: network.settings.time)
    }

    private var limits: RegistryLimits { network.settings.limits.of(registry) }

    package func send<R: Sendable>(
        _ request: RegistryRequest, _ use: @Sendable (RegistryResponse) async throws -> R
    ) async throws -> R {
        var connection = self
        let response: RegistryResponse
        do {
            response = try await network.repeating(isRepeatable: request.isRepeatable, at: host, by: limits) {
                connection = try await settled()
                return try await connection.attempt(request, at: connection.address(of: request.target))
            }
        } catch {
            throw connection.explained(error)
        }
        return try await use(response)
    }

    /// Requests the protocol's root with the available login, as `login` does before it trusts a password.
    ///
    /// - Throws: `OCIRegistryError.Code.denied` if the login is wrong, and any error of a request.
    package func check() async throws {
        try await send(RegistryRequest(.GET, .path("/v2/"), scopes: [], accepted: [200])) { _ in }
    }

    private func address(of target: RegistryRequest.Target) throws(OCIRegistryError) -> HTTPAddress {
        let text =
            switch target {
            case .path(let path): base.origin + path
            case .location(let location): location
            }
        let address: HTTPAddress
        do throws(HTTPTransferError) { address = try HTTPAddress(text) } catch {
            throw OCIRegistryError(.protocolViolation, "\(host): \(error.message)")
        }
        try network.redirectRules(of: base).check(address)
        return address
    }

    /// Performs one attempt with its redirects, and its authorization if the registry asks for one.
    ///
    /// - Throws: Only errors that no further attempt can fix.
    private func attempt(_ request: RegistryRequest, at address: HTTPAddress) async throws
        -> Attempt<RegistryResponse>
    {
        let outgoing = OutgoingRequest(
            method: request.method, address: address, headers: request.headers, body: request.body)
        let authorizer = Authorizer(registry: registry, base: base, network: network)
        do {
            var authorization = try await authorizer.authorization(for: request.scopes)
            var round = 0
            while true {
                let (answer, place) = try await network.follow(
                    outgoing, registry: base, authorization: authorization?.header, accepted: request.accepted)
                let isHome = place.origin == base.origin
                if isHome, round < Authorizer.roundLimit, Authorizer.isChallenge(answer),
                    let next = try await authorizer.renewed(
                        authorization, after: answer.headers, at: place, scopes: request.scopes,
                        optional: request.accepted.contains(answer.status.code))
                {
                    await answer.body.discard(limit: limits.smallAnswer)
                    (authorization, round) = (next, round + 1)
                    continue
                }
                let (last, origin) = try await admitted(answer, from: place, outgoing, accepted: request.accepted)
                return try await judge(last, from: origin, request, isAnonymous: authorization?.isAnonymous ?? true)
            }
        } catch let error as HTTPTransferError {
            if error.code == .unreadable { Patience.current?.exhaust() }
            // TLS was a guess, which the next attempt makes better.
            if isSilent, error.code == .untrusted { return .failed(.unconnected(OCIRegistryError(error))) }
            return .failed(try AttemptFailure(error))
        }
    }

    private func judge(
        _ answer: HTTPClientResponse, from place: HTTPAddress, _ request: RegistryRequest, isAnonymous: Bool
    ) async throws -> Attempt<RegistryResponse> {
        let status = answer.status.code
        if request.accepted.contains(status) {
            try checkIsRegistry(answer, place)
            return .answer(try await response(answer, from: place, request.method))
        }
        let body = try await smallBody(answer, from: place)
        var error = RegistryRefusal.error(
            request.method, place, status: answer.status, headers: answer.headers,
            body: Array(body.readableBytesView))
        if error.code == .denied { error.hint = RegistryRefusal.hint(host, isAnonymous: isAnonymous) }
        return .failed(try network.failure(of: answer, from: place, error))
    }

    /// Checks that the answer is not a network's login page, which answers everything with 200.
    private func checkIsRegistry(_ answer: HTTPClientResponse, _ place: HTTPAddress) throws(OCIRegistryError) {
        let type = answer.headers.first(name: "content-type")?.lowercased() ?? ""
        guard place.origin == base.origin, (200..<300).contains(answer.status.code), type.hasPrefix("text/html"),
            // Some registries have an HTML page where others list their referrers.
            !place.path.contains("/referrers/")
        else { return }
        throw OCIRegistryError(
            .protocolViolation, "\(place): a web page answered instead of a registry",
            hint:
                "this network may require a login in a browser first, or \(host) is not a registry")
    }

    /// Returns the response. The bodies of downloads are not read yet; any other is short and read now, so that its
    /// connection can be reused.
    private func response(
        _ answer: HTTPClientResponse, from place: HTTPAddress, _ method: HTTPMethod
    ) async throws -> RegistryResponse {
        let location = answer.headers.first(name: "location").flatMap { try? place.resolving($0).text }
        let isDownload = method == .GET && (200..<300).contains(answer.status.code)
        let body: any AsyncSequence<ByteBuffer, any Error> & Sendable =
            isDownload
            ? body(of: answer, from: place) : ReadBody(bytes: try await smallBody(answer, from: place))
        return RegistryResponse(
            status: answer.status.code, headers: answer.headers, location: location, body: body)
    }

    /// Reads at most the first 64 KiB of a body, or the part that arrived if the connection broke or was too slow: the
    /// head has said what matters, and a server that refuses an upload midway may close its connection.
    private func smallBody(_ answer: HTTPClientResponse, from place: HTTPAddress) async throws -> ByteBuffer {
        var bytes = ByteBuffer()
        do {
            for try await var piece in body(of: answer, from: place) {
                bytes.writeBuffer(&piece)
                if bytes.readableBytes >= limits.smallAnswer { break }
            }
        } catch { try Task.checkCancellation() }
        return bytes.getSlice(at: 0, length: min(bytes.readableBytes, limits.smallAnswer)) ?? bytes
    }

    private func body(of answer: HTTPClientResponse, from place: HTTPAddress) -> AnswerBody {
        AnswerBody(
            base: answer.body, address: place, clients: network.clients, limits: limits, time: network.settings.time)
    }
}
