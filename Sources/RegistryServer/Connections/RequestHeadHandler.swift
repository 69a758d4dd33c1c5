import NIOCore
import NIOHTTP1

/// A handler that holds requests to what HTTP/1.1 demands of a head (RFC 9112, sections 3.2, 6.1 and 9.6), and states in
/// one form that a connection ends with its answer.
final class RequestHeadHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .head(var head) = unwrapInboundIn(data) else { return context.fireChannelRead(data) }
        let hosts = head.headers["host"].count
        let isNewest = head.version == .http1_1
        // A body that is coded in another way would be kept as it was sent.
        let codings = head.headers["transfer-encoding"].map { $0.lowercased() }
        guard hosts == 1 || hosts == 0 && !isNewest, codings.isEmpty || isNewest && codings == ["chunked"] else {
            // Answered like a head that cannot be read, after the requests before it.
            return context.fireErrorCaught(HTTPParserError.invalidHeaderToken)
        }
        let tokens = head.headers[canonicalForm: "connection"].map { $0.lowercased() }
        if tokens.contains("close") || !isNewest && !tokens.contains("keep-alive") {
            head.headers.replaceOrAdd(name: "Connection", value: "close")
        }
        context.fireChannelRead(wrapInboundOut(.head(head)))
    }
}
