import HTTPTypes
import Hummingbird
import NIOCore

extension RegistryResponder {
    /// Bytes of a body that nobody wants and that is passed over all the same, so that its connection can serve again.
    private static let unwantedLimit: Int64 = 1 << 20
    /// How long a connection stays open behind its last answer: closing while bytes come in resets it, and whoever sends
    /// them could lose the answer.
    private static let lingering = TimeAmount.seconds(1)

    /// Whether the answer left a body unread that is too long to be passed over.
    static func leavesLongBody(of request: Request, _ response: Response) -> Bool {
        let tookBody = [.put, .patch].contains(request.method) || response.status == .created
        guard response.status.code >= 400 || !tookBody else { return false }
        if request.headers[.transferEncoding] != nil { return true }
        return request.headers[.contentLength].flatMap { Int64($0) } ?? 0 > unwantedLimit
    }

    /// The answer, behind which the connection is closed: otherwise the server would read the rest of the request first,
    /// however long that is.
    static func closing(_ response: Response, _ channel: any Channel) -> Response {
        var response = response
        let body = response.body
        response.headers[.connection] = "close"
        response.body = ResponseBody(contentLength: body.contentLength) { writer in
            try await body.write(writer)
            let end = channel.eventLoop.scheduleTask(in: lingering) { channel.close(promise: nil) }
            try? await channel.closeFuture.get()
            end.cancel()
        }
        return response
    }
}
