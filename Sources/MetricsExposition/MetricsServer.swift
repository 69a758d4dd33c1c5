import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// A server that shows metrics at `/metrics`, and nothing else.
package struct MetricsServer: Sendable {
    private let channel: any Channel

    /// The connections that are open at once; more are closed.
    private static let connections = 32
    private static let silence = TimeAmount.seconds(30)

    /// The port that it listens on.
    package var port: Int { channel.localAddress?.port ?? 0 }

    /// Begins to serve.
    ///
    /// - Parameters:
    ///   - metrics: The metrics, which are written anew for each request.
    ///   - address: The address to listen on.
    ///   - port: The port; 0 for any that is free.
    /// - Throws: The system's error, if the port cannot be opened.
    package init(_ metrics: ExposedMetrics, address: String, port: Int) async throws {
        let open = OpenConnections()
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 16)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { child in
                guard open.add() <= Self.connections else {
                    open.remove()
                    return child.close()
                }
                child.closeFuture.whenComplete { _ in open.remove() }
                return child.eventLoop.makeCompletedFuture {
                    let pipeline = child.pipeline.syncOperations
                    try pipeline.addHandler(IdleStateHandler(allTimeout: Self.silence))
                    try pipeline.configureHTTPServerPipeline(withErrorHandling: true)
                    try pipeline.addHandler(MetricsHandler(metrics))
                }
            }
            .bind(host: address, port: port).get()
    }

    /// Stops to serve.
    package func stop() async { try? await channel.close().get() }
}

private final class OpenConnections: Sendable {
    private let count = Mutex(0)

    func add() -> Int {
        count.withLock {
            $0 += 1
            return $0
        }
    }

    func remove() { count.withLock { $0 -= 1 } }
}

/// Answers the request on a connection and closes it, also if it is silent.
private final class MetricsHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let metrics: ExposedMetrics
    private var head: HTTPRequestHead?

    init(_ metrics: ExposedMetrics) { self.metrics = metrics }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): self.head = head
        case .body: break
        case .end: if let head { answer(head, context) }
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is IdleStateHandler.IdleStateEvent { return context.close(promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }

    private func answer(_ request: HTTPRequestHead, _ context: ChannelHandlerContext) {
        let isKnown = request.uri.prefix { $0 != "?" } == "/metrics" && [.GET, .HEAD].contains(request.method)
        let body = isKnown ? metrics.text : "the metrics are at /metrics\n"
        var head = HTTPResponseHead(version: request.version, status: isKnown ? .ok : .notFound)
        head.headers = [
            "Content-Type": "text/plain; version=0.0.4; charset=utf-8", "Content-Length": "\(body.utf8.count)",
            "Connection": "close",
        ]
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if request.method != .HEAD {
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: body)))), promise: nil)
        }
        let end = context.writeAndFlush(wrapOutboundOut(.end(nil)))
        // Who asks comes again after a while, and the run may be over before.
        end.assumeIsolated().whenComplete { _ in context.close(promise: nil) }
    }
}
