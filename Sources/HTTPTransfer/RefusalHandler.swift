import NIOCore
import NIOHTTP1

/// A handler that preserves the answer of a server that refuses a request before reading it, and closes the connection.
///
/// The client library closes the connection as soon as such an answer is complete. If the end of the request is still
/// waiting to be written, the write then fails, and the library takes that for the failure of the request whose answer
/// it has: the answer's body is lost.
final class RefusalHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias InboundOut = HTTPClientResponsePart
    typealias OutboundIn = HTTPClientRequestPart
    typealias OutboundOut = HTTPClientRequestPart

    private var isRefused = false

    /// Inserts the handler between a new connection's HTTP decoder and its client.
    @Sendable static func install(on channel: any Channel) -> EventLoopFuture<Void> {
        channel.eventLoop.submit {
            let pipeline = channel.pipeline.syncOperations
            let decoder = try pipeline.handler(type: ByteToMessageHandler<HTTPResponseDecoder>.self)
            try pipeline.addHandler(RefusalHandler(), position: .after(decoder))
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .head(let head) = unwrapInboundIn(data) { isRefused = head.status.code >= 300 }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head: isRefused = false
        case .body: break
        case .end:
            let written = context.eventLoop.makePromise(of: Void.self)
            written.futureResult.assumeIsolated().whenComplete { result in
                // Whether the rest of a refused request was sent does not matter.
                self.isRefused ? promise?.succeed() : promise?.completeWith(result)
            }
            return context.write(data, promise: written)
        }
        context.write(data, promise: promise)
    }
}
