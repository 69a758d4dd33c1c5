import AsyncHTTPClient
import HTTPTransfer
import NIOCore
import NIOHTTP1
import NIOSSL
package import OCIModel
import Scheduling
import Synchronization

/// The registries of one run: connections, tokens, logins and request limits for each host are shared by all that talk
/// to it. A network exists only inside `withNetwork`, which closes its connections.
package final class RegistryNetwork: Sendable {
    let settings: NetworkSettings
    let clients: HTTPClients
    let traffic: Traffic
    let certificates: HostCertificates
    let tokens: TokenCache
    let logins: LoginCache
    let warnings: Warnings
    /// The addresses of the registries on this machine that were asked what they speak, and the turns to ask.
    let speech = Mutex<[RegistryHost: HTTPAddress]>([:])
    let questions = Turns<RegistryHost>()

    private init(_ settings: NetworkSettings) {
        self.settings = settings
        clients = HTTPClients(settings.http)
        traffic = Traffic(limits: settings.limits, time: settings.time)
        certificates = HostCertificates(folders: settings.certificateFolders, base: { settings.http.tls })
        tokens = TokenCache(time: settings.time)
        logins = LoginCache(settings.credentials)
        warnings = Warnings(settings.warn)
    }

    /// Runs `body` with a network, whose connections end with it. Nothing is opened before the first request.
    package static func withNetwork<Result: Sendable>(
        _ settings: NetworkSettings, _ body: (RegistryNetwork) async throws -> Result
    ) async throws -> Result {
        let network = RegistryNetwork(settings)
        do {
            let result = try await body(network)
            await network.clients.shutdown()
            return result
        } catch {
            network.clients.abandon()
            throw error
        }
    }

    /// Returns a connection to one registry.
    ///
    /// - Throws: `OCIRegistryError.Code.invalidReference` if the host is not valid in an address.
    package func connection(to host: RegistryHost) throws(OCIRegistryError) -> RegistryConnection {
        let isPlain = settings.plainHTTP.contains(host) || host.isLoopback && !settings.asksLoopback
        do throws(HTTPTransferError) {
            let base = try HTTPAddress((isPlain ? "http://" : "https://") + host.server)
            return RegistryConnection(registry: host, base: base, network: self)
        } catch {
            throw OCIRegistryError(.invalidReference, "'\(host)' is not a valid registry host: \(error.message)")
        }
    }
}

extension RegistryNetwork {
    /// Sends a request, follows redirects except for the statuses in `accepted`, and returns the last answer with its
    /// address. The authorization is sent only to the registry's own origin, and no longer once a redirect has left it.
    ///
    /// - Throws: `HTTPTransferError`, `OCIRegistryError` for a redirect that must not be followed, or the error of the
    ///   body's source.
    func follow(
        _ request: OutgoingRequest, registry: HTTPAddress, authorization: String?, accepted: Set<UInt> = []
    ) async throws -> (answer: HTTPClientResponse, address: HTTPAddress) {
        var hop = request
        var isHome = true
        for _ in 0...settings.limits.redirects {
            isHome = isHome && hop.address.origin == registry.origin
            hop.headers = request.headers
            if isHome, let authorization { hop.headers.replaceOrAdd(name: "Authorization", value: authorization) }
            let answer = try await exchange(hop)
            let status = answer.status.code
            if isHome { warnings.report(answer.headers, host: hop.address.authority) }
            guard RedirectRules.statuses.contains(status), !accepted.contains(status) else {
                return (answer, hop.address)
            }
            await answer.body.discard(limit: settings.limits.smallAnswer)
            hop.address = try redirectRules(of: registry).next(
                from: hop.address, status: status, location: answer.headers.first(name: "location"),
                method: request.method)
        }
        throw OCIRegistryError(
            .protocolViolation,
            "\(request.address): the registry answered with more than \(settings.limits.redirects) redirects")
    }

    func redirectRules(of registry: HTTPAddress) -> RedirectRules {
        let mayBePrivate = settings.privateRedirects.contains { host in
            (try? HTTPAddress("\(registry.scheme.rawValue)://\(host.server)"))?.origin == registry.origin
        }
        return RedirectRules(registry: registry, mayBePrivate: mayBePrivate)
    }

    /// Sends one request to one server when it is its turn, and returns the answer's head.
    private func exchange(_ request: OutgoingRequest) async throws -> HTTPClientResponse {
        let tls = request.address.scheme == .https ? try certificates.configuration(for: request.address) : nil
        return try await traffic.to(request.address).request {
            try await waiting(for: request.address.authority) {
                switch request.body {
                case .empty: try await send(request, nil, length: 0, tls)
                case .bytes(let bytes):
                    try await send(request, .bytes(ByteBuffer(bytes: bytes)), length: Int64(bytes.count), tls)
                case .stream(_, let file?, _) where clients.takesFiles(to: request.address):
                    try await upload(request, file)
                case .stream(let length, _, let open): try await upload(request, length: length, open(), tls)
                }
            }
        }
    }

    private func send(
        _ request: OutgoingRequest, _ body: HTTPClientRequest.Body?, length: Int64, _ tls: TLSConfiguration?
    ) async throws -> HTTPClientResponse {
        var patience = settings.limits.patience(for: length)
        // A body that is long shows by itself whether it moves.
        if case .stream = request.body {} else { patience = min(patience, Patience.current?.share ?? patience) }
        return try await clients.send(
            request.method, request.address, headers: request.signed, body: body, tls: tls, patience: patience)
    }

    private func upload(
        _ request: OutgoingRequest, length: Int64, _ source: any AsyncSequence<ByteBuffer, any Error> & Sendable,
        _ tls: TLSConfiguration?
    ) async throws -> HTTPClientResponse {
        let progress = OutgoingProgress(time: settings.time)
        let body = HTTPClientRequest.Body.stream(
            OutgoingBody(base: source, length: length, clients: clients, progress: progress), length: .known(length))
        do {
            return try await watched(progress, request) { try await self.send(request, body, length: length, tls) }
        } catch {
            throw progress.sourceError ?? error
        }
    }

    private func upload(_ request: OutgoingRequest, _ file: FilePart) async throws -> HTTPClientResponse {
        let progress = OutgoingProgress(time: settings.time)
        let limits = settings.limits
        let watchedFile = FilePart(file.path, file.range) { position in
            position < file.range.upperBound ? progress.handOut() : progress.asked()
            file.moved(position)
        }
        return try await watched(progress, request) { [clients] in
            try await clients.send(
                request.method, request.address, headers: request.signed, file: watchedFile,
                patience: limits.patience(for: file.range.upperBound - file.range.lowerBound),
                answerLimit: limits.smallAnswer)
        }
    }

    /// Runs `send` and ends it if the server stops reading the body.
    private func watched(
        _ progress: OutgoingProgress, _ request: OutgoingRequest,
        _ send: @escaping @Sendable () async throws -> HTTPClientResponse
    ) async throws -> HTTPClientResponse {
        try await withThrowingTaskGroup(of: HTTPClientResponse?.self) { group in
            group.addTask { try await send() }
            group.addTask { [limit = settings.limits.idle] in
                try await progress.watch(limit: limit, address: request.address)
                return nil
            }
            defer { group.cancelAll() }
            guard let answer = try await group.next() ?? nil else { throw CancellationError() }
            return answer
        }
    }
}
