package import Hummingbird
import HummingbirdCore
import HummingbirdTLS
package import Logging
import NIOCore
import OCIContent
import Scheduling
import ServiceLifecycle
import Synchronization
import SystemPackage

/// A registry behind a port.
package enum RegistryServer {
    /// Threads for hashing and the disk, of all requests together.
    private static let threads = 4

    /// Serves a storage until the task is cancelled, and calls `whenReady` with the port once connections are taken.
    ///
    /// - Throws: `RegistryServerError` `.cannotStart` where the port cannot be had; `CancellationError` never.
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

    /// The same with any responder: tests put theirs around the registry's.
    package static func run(
        _ responder: some HTTPResponder<RegistryRequestContext>, _ configuration: RegistryConfiguration,
        whenReady: @escaping @Sendable (Int) -> Void
    ) async throws {
        let connections = OpenConnections()
        let silence = TimeAmount.seconds(configuration.limits.silence)
        let plain = HTTPServerBuilder.http1(
            configuration: .init(
                additionalChannelHandlers: [ConnectionHandler(limit: silence, connections: connections)],
                idleTimeout: silence,
                httpDecoderConfiguration: .init(
                    maxHeaderFieldSize: 32 << 10, maxHeaderListSize: 64 << 10, maxHeaderFieldCount: 100)))
        // The framework's own words (connections that end, its start and stop) say nothing that we do not.
        let logger = Logger(label: "registry") { _ in SwiftLogNoOpLogHandler() }
        let application = Application(
            responder: responder,
            server: try configuration.tls.map { try .tls(plain, tlsConfiguration: $0) } ?? plain,
            configuration: ApplicationConfiguration(
                address: .hostname(configuration.address, port: configuration.port),
                availableConnectionsDelegate: MaximumAvailableConnections(
                    configuration.limits.connections, logger: logger)),
            onServerRunning: { whenReady($0.localAddress?.port ?? configuration.port) },
            logger: logger)
        do { try await run(application, connections, grace: configuration.limits.grace, logger: logger) } catch {
            if Task.isCancelled { return }
            throw RegistryServerError(
                .cannotStart,
                "cannot listen on \(configuration.host(configuration.port)): \(Self.reason(error))",
                hint: "choose another port, or 0 for any that is free; --address takes an address of this machine")
        }
    }

    /// The system's own words, where it is its error.
    private static func reason(_ error: any Error) -> String {
        (error as? IOError).map { "\(Errno(rawValue: $0.errnoCode))" } ?? "\(error)"
    }

    /// Runs until the task is cancelled; then nobody is let in any more, and who is in has the grace to finish before the
    /// connections are closed.
    ///
    /// Cancelling the server itself would drop connections between being accepted and being served, which NIO traps upon.
    private static func run(
        _ application: some Service, _ connections: OpenConnections, grace: Duration, logger: Logger
    ) async throws {
        let group = ServiceGroup(configuration: ServiceGroupConfiguration(services: [application], logger: logger))
        // Unstructured, since cancellation must not reach the server before its shutdown does.
        let server = Task { try await group.run() }
        try await withTaskCancellationHandler {
            try await server.value
        } onCancel: {
            Task {
                await group.triggerGracefulShutdown()
                try await Task.sleep(for: grace)
                connections.closeAll()
            }
        }
    }

    /// Starts serving a storage.
    ///
    /// - Returns: once connections are taken.
    /// - Throws: `RegistryServerError` `.cannotStart`.
    package static func start(
        _ storage: RegistryStorage, _ configuration: RegistryConfiguration, logger: Logger? = nil
    ) async throws -> RunningRegistry {
        try await start(configuration) { whenReady in
            try await run(storage, configuration, logger: logger, whenReady: whenReady)
        }
    }

    /// The same with any responder.
    package static func start(
        _ responder: some HTTPResponder<RegistryRequestContext>, _ configuration: RegistryConfiguration
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
        // It lives as long as its owner wants, which no scope of ours does: `stop` ends it.
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

/// A registry that answers until it is stopped.
package struct RunningRegistry: Sendable {
    /// `host:port`, as references begin with it.
    package let host: String
    package let port: Int
    package let isTLS: Bool
    fileprivate let task: Task<Void, Never>

    /// Lets nobody in any more, ends the connections, after some grace those with requests too, and frees the port.
    package func stop() async {
        task.cancel()
        await task.value
    }
}
