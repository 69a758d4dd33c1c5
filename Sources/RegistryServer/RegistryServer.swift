import HTTPTypes
import HummingbirdCore
import HummingbirdTLS
package import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import OCIContent
import Scheduling
import ServiceLifecycle
import Synchronization
import SystemPackage

/// A registry that listens on a port.
package enum RegistryServer {
    /// The number of threads for hashing and disk access, shared by all requests.
    private static let threads = 4

    /// Serves a storage until the task is cancelled, and calls `whenReady` with the port once connections are accepted.
    /// Cancellation is not an error.
    ///
    /// - Throws: `RegistryServerError` `.cannotStart` if the port cannot be opened.
    package static func run(
        _ storage: RegistryStorage, _ configuration: RegistryConfiguration, logger: Logger? = nil,
        whenReady: @escaping @Sendable (Int) -> Void
    ) async throws {
        let pool = BlockingPool(threads: threads)
        let responder = RegistryResponder(storage: storage, configuration: configuration, pool: pool, logger: logger)
        do {
            try await run(responder, configuration, whenReady: whenReady)
        } catch {
            try? await pool.shutDown()
            throw error
        }
        try await pool.shutDown()
    }

    /// Serves any responder in the same way: tests wrap the registry's with their own.
    package static func run(
        _ responder: some HTTPResponder, _ configuration: RegistryConfiguration,
        whenReady: @escaping @Sendable (Int) -> Void
    ) async throws {
        let connections = OpenConnections(limits: configuration.limits)
        let silence = TimeAmount.seconds(configuration.limits.silence)
        let plain = HTTPServerBuilder.http1(
            configuration: .init(
                additionalChannelHandlers: [ConnectionHandler(limits: configuration.limits, connections: connections)],
                idleTimeout: silence,
                httpDecoderConfiguration: .init(
                    maxHeaderFieldSize: 32 << 10, maxHeaderListSize: 64 << 10, maxHeaderFieldCount: 100)))
        // The framework's own log messages (closed connections, start and stop) add nothing to ours.
        let logger = Logger(label: "registry") { _ in SwiftLogNoOpLogHandler() }
        let server = try (configuration.tls.map { try .tls(plain, tlsConfiguration: $0) } ?? plain).buildServer(
            configuration: ServerConfiguration(
                address: .hostname(configuration.address, port: configuration.port),
                availableConnectionsDelegate: MaximumAvailableConnections(
                    connections.acceptedCount, logger: logger)),
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: logger,
            responder: { request, writer, channel in
                let response = try await answer(request, on: channel, connections, by: responder, configuration)
                try await write(response, with: writer)
            },
            onServerRunning: { whenReady($0.localAddress?.port ?? configuration.port) })
        do {
            try await logging(to: configuration.accessLog) {
                try await run(server, connections, grace: configuration.limits.grace, logger: logger)
            }
        } catch {
            if Task.isCancelled { return }
            throw RegistryServerError(
                .cannotStart,
                "cannot listen on \(configuration.host(configuration.port)): \(Self.reason(error))",
                hint: "choose another port, or 0 for any free one; --address takes an address of this machine")
        }
    }

    /// Serves, and writes the log meanwhile. The writer is no child of this task: what was answered before a stop is
    /// logged, too.
    private static func logging(to log: AccessLog?, _ serve: () async throws -> Void) async throws {
        guard let log else { return try await serve() }
        let writer = Task { await log.run(on: .files) }
        do { try await serve() } catch {
            log.end()
            await writer.value
            throw error
        }
        log.end()
        await writer.value
    }

    /// Returns the answer to a request on a connection, which is closed after it if the rest of the request is not wanted.
    private static func answer(
        _ request: Request, on channel: any Channel, _ connections: OpenConnections, by responder: some HTTPResponder,
        _ configuration: RegistryConfiguration
    ) async throws(HTTPParserError) -> Response {
        let forwarded = configuration.trustsProxy ? ClientAddress.forwarded(in: request.headers) : nil
        let address = forwarded ?? ClientAddress.text(of: channel)
        var response: Response
        if connections.isRefused(channel) {
            response = RegistryResponder.refusal(
                RegistryServerError(.unavailable, "there are too many connections", retryAfter: 5))
            response.headers[.connection] = "close"
            response = RegistryResponder.closing(response, channel, after: configuration.limits.lingering)
        } else {
            let continued = request.continued(on: channel)
            response = try await responder.answer(
                continued?.0 ?? request, HTTPResponder.Context(channel: channel, address: address))
            if let continued, !continued.1.value {
                response = RegistryResponder.closing(response, channel, after: configuration.limits.lingering)
            }
        }
        let now = configuration.now()
        response.headers[.date] = dateText(now)
        guard let log = configuration.accessLog else { return response }
        let user = response.status == .unauthorized ? nil : configuration.access.user(of: request)
        return log.logging(response, to: request, address: address, user: user, now: now)
    }

    /// Returns the system's description if the error is one of the system.
    private static func reason(_ error: any Error) -> String {
        (error as? IOError).map { "\(Errno(rawValue: $0.errnoCode))" } ?? "\(error)"
    }

    /// Runs until the task is cancelled. New connections are then refused, and those that are open get the grace period
    /// to finish before they are closed.
    ///
    /// Cancelling the server itself would drop connections between being accepted and being served, on which NIO traps.
    private static func run(
        _ server: any Service, _ connections: OpenConnections, grace: Duration, logger: Logger
    ) async throws {
        let group = ServiceGroup(configuration: ServiceGroupConfiguration(services: [server], logger: logger))
        // Unstructured, because cancellation must not reach the server before its shutdown does.
        let running = Task { try await group.run() }
        try await withTaskCancellationHandler {
            try await running.value
        } onCancel: {
            Task {
                await group.triggerGracefulShutdown()
                try await Task.sleep(for: grace)
                connections.closeAll()
            }
        }
    }

    /// Starts serving a storage, and returns once connections are accepted.
    ///
    /// - Throws: `RegistryServerError` `.cannotStart`.
    package static func start(
        _ storage: RegistryStorage, _ configuration: RegistryConfiguration, logger: Logger? = nil
    ) async throws -> RunningRegistry {
        try await start(configuration) { whenReady in
            try await run(storage, configuration, logger: logger, whenReady: whenReady)
        }
    }

    /// Starts serving any responder, and returns once connections are accepted.
    package static func start(
        _ responder: some HTTPResponder, _ configuration: RegistryConfiguration
    ) async throws -> RunningRegistry {
        try await start(configuration) { whenReady in
            try await run(responder, configuration, whenReady: whenReady)
        }
    }

    private static func start(
        _ configuration: RegistryConfiguration,
        _ serve: @escaping @Sendable (@escaping @Sendable (Int) -> Void) async throws -> Void
    ) async throws -> RunningRegistry {
        let (ports, port) = AsyncThrowingStream<Int, any Error>.makeStream()
        // The task lives as long as its owner wants, which no scope here does: `stop` ends it.
        let task = Task {
            do { try await serve { port.yield($0) } } catch { port.finish(throwing: error) }
            port.finish()
        }
        for try await port in ports {
            return RunningRegistry(
                host: configuration.host(port), port: port, isTLS: configuration.tls != nil, task: task)
        }
        throw CancellationError()
    }
}

/// A registry that answers requests until it is stopped.
package struct RunningRegistry: Sendable {
    /// The host and port, `host:port`, with which references to it begin.
    package let host: String
    package let port: Int
    package let isTLS: Bool
    fileprivate let task: Task<Void, Never>

    /// Refuses new connections, closes idle ones at once and those with requests after the grace period, and frees the
    /// port.
    package func stop() async {
        task.cancel()
        await task.value
    }
}
