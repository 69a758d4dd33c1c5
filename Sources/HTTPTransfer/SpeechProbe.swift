import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// A question to a port on this machine: does it speak TLS, or plain HTTP? Only what it says itself counts as an answer.
package enum SpeechProbe {
    /// Asks with the beginning of a TLS connection, and if that gets no answer, with a plain request that carries nothing.
    ///
    /// - Returns: `nil` if neither gets an answer.
    package static func ask(_ address: HTTPAddress, patience: Duration) async throws -> HTTPAddress.Scheme? {
        switch try await firstByte(of: address, securely: true, patience) {
        // The records of a handshake and of an alert.
        case 0x16?, 0x15?: return .https
        case .some: return .http
        case nil: break
        }
        return try await firstByte(of: address, securely: false, patience) == UInt8(ascii: "H") ? .http : nil
    }

    /// Returns the first byte that the server says, if it says anything.
    private static func firstByte(
        of address: HTTPAddress, securely: Bool, _ patience: Duration
    ) async throws -> UInt8? {
        let listener = Listener()
        let request = "GET /v2/ HTTP/1.1\r\nHost: \(address.authority)\r\nConnection: close\r\n\r\n"
        let channel: any Channel
        do {
            channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connectTimeout(TimeAmount(patience))
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(listener)
                        guard securely else { return }
                        let context = try NIOSSLContext(configuration: .makeClientConfiguration())
                        try channel.pipeline.syncOperations.addHandler(
                            NIOSSLClientHandler(context: context, serverHostname: nil))
                    }
                }.connect(host: address.host, port: address.port).get()
        } catch {
            try Task.checkCancellation()
            return nil
        }
        if !securely { channel.writeAndFlush(ByteBuffer(string: request), promise: nil) }
        let end = channel.eventLoop.scheduleTask(in: TimeAmount(patience)) { channel.close(promise: nil) }
        try await withTaskCancellationHandler {
            try await channel.closeFuture.get()
        } onCancel: {
            channel.close(promise: nil)
        }
        end.cancel()
        try Task.checkCancellation()
        return listener.first
    }

    /// A handler that notes the first byte, and then closes the connection.
    private final class Listener: ChannelInboundHandler, Sendable {
        typealias InboundIn = ByteBuffer

        private let byte = Mutex<UInt8?>(nil)
        var first: UInt8? { byte.withLock { $0 } }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let piece = unwrapInboundIn(data)
            byte.withLock { if $0 == nil { $0 = piece.getInteger(at: piece.readerIndex) } }
            context.close(promise: nil)
        }
    }
}
