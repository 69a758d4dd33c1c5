import HummingbirdCore
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1

/// A handler that closes a connection whose client is too slow: with the first head, with a body, or with reading its
/// answer. The framework's own limit only covers silence.
final class ConnectionHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let limits: ServerLimits
    private let connections: OpenConnections
    private var connection: ClientConnection?
    /// The end of a connection that is writable no longer, or on which no head has arrived.
    private var end: Scheduled<Void>?
    private var check: Scheduled<Void>?
    /// The end of the wait for the rest of a body whose request is answered.
    private var rest: Scheduled<Void>?
    /// The number of requests that began, and that are answered.
    private var (begun, answered) = (0, 0)
    /// The bytes of the body that arrived since the last check, and whether the server wanted none of them for a while.
    private var arrived = 0
    private var hasPaused = false
    /// The time since which the server has not asked for more; `nil` while it waits for more.
    private var restsSince: NIODeadline?

    init(limits: ServerLimits, connections: OpenConnections) {
        self.limits = limits
        self.connections = connections
    }

    func handlerAdded(context: ChannelHandlerContext) {
        connection = connections.insert(context.channel, now: .now())
        end = closing(in: connection?.isRefused == true ? limits.slowness : limits.head, context)
        let pipeline = context.pipeline.syncOperations
        guard let codec = try? pipeline.handler(type: HTTP1ToHTTPServerCodec.self) else { return }
        try? pipeline.addHandler(RequestHeadHandler(), position: .before(codec))
    }

    func read(context: ChannelHandlerContext) {
        if let since = restsSince, NIODeadline.now() - since > .seconds(1) { hasPaused = true }
        restsSince = nil
        context.read()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head:
            begun += 1
            end?.cancel()
            end = nil
            connection?.beganToWaitForBody(now: .now())
            (arrived, hasPaused) = (0, false)
            checkRate(context)
        case .body(let piece):
            arrived += piece.readableBytes
            connection?.received(piece.readableBytes)
        case .end:
            check?.cancel()
            check = nil
            rest?.cancel()
            connection?.receivedAll(now: .now())
        }
        context.fireChannelRead(data)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        restsSince = .now()
        context.fireChannelReadComplete()
    }

    /// Closes the connection if a body arrives more slowly than is allowed although the server wants it.
    private func checkRate(_ context: ChannelHandlerContext) {
        let (loop, channel) = (context.eventLoop.assumeIsolated(), context.channel)
        check = loop.scheduleTask(in: .seconds(limits.rateWindow)) { [self] in
            let isReading = restsSince == nil
            if isReading, !hasPaused, Int64(arrived) < limits.slowestRate * limits.rateWindow {
                return channel.close(promise: nil)
            }
            (arrived, hasPaused) = (0, !isReading)
            connection?.beganToWaitForBody(now: .now())
            checkRate(context)
        }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .end = unwrapOutboundIn(data) {
            answered += 1
            // The rest of a body that nobody wants is not waited for.
            if answered == begun {
                if check == nil {
                    connection?.beganToWaitForHead(now: .now())
                } else {
                    rest = closing(in: limits.slowness, context)
                }
            }
        }
        context.write(data, promise: promise)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        end?.cancel()
        end = nil
        if !context.channel.isWritable { end = closing(in: limits.silence, context) }
        context.fireChannelWritabilityChanged()
    }

    private func closing(in seconds: Int64, _ context: ChannelHandlerContext) -> Scheduled<Void> {
        let channel = context.channel
        return context.eventLoop.scheduleTask(in: .seconds(seconds)) { channel.close(promise: nil) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        for scheduled in [end, check, rest] { scheduled?.cancel() }
        context.fireChannelInactive()
    }
}
