import NIOCore
import NIOPosix
import RegistryServer
import RegistryTesting
import Synchronization
import TestSupport
import Testing

/// A connection on which a test sends exactly the bytes that it wants.
final class RawConnection: Sendable {
    /// A handler that collects what the server says.
    private final class Listener: ChannelInboundHandler, Sendable {
        typealias InboundIn = ByteBuffer
        let text = Mutex("")
        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let piece = String(buffer: unwrapInboundIn(data))
            text.withLock { $0 += piece }
        }
    }

    private let channel: any Channel
    private let listener = Listener()

    init(to registry: TestRegistry) async throws {
        channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { [listener] in $0.pipeline.addHandler(listener) }
            .connect(host: "127.0.0.1", port: registry.registry.port).get()
    }

    /// What the server has said so far.
    var received: String { listener.text.withLock { $0 } }
    /// Whether the server has closed the connection.
    var isClosed: Bool { !channel.isActive }

    func send(_ text: String) async throws { try await channel.writeAndFlush(ByteBuffer(string: text)) }

    /// Waits for the end of the connection.
    ///
    /// - Returns: Everything that the server has said.
    func wholeAnswer() async throws -> String {
        try await until { isClosed }
        return received
    }

    func close() async { try? await channel.close() }
}
