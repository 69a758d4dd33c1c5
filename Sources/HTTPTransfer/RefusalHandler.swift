import NIOCore
import NIOHTTP1

/// Keeps the words of a server that says "no" before it has read a request, and closes.
///
/// The client library closes the connection as soon as such an answer is complete. Where the request's end still waits to be
/// written, that fails then, and the library takes it for the failure of the request whose answer it has: its body is lost.
final class RefusalHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias InboundOut = HTTPClientResponsePart
    typealias OutboundIn = HTTPClientRequestPart
    typealias OutboundOut = HTTPClientRequestPart

    private var isRefused = false

    /// Puts the handler between a new connection's HTTP decoder and its client.
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
                // Whether the rest of a refused request got away matters to nobody.
                self.isRefused ? promise?.succeed() : promise?.completeWith(result)
            }
            return context.write(data, promise: written)
        }
        context.write(data, promise: promise)
    }
}
