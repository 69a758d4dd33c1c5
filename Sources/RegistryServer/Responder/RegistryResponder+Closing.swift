import HTTPTypes
import HummingbirdCore
import NIOCore

extension RegistryResponder {
    /// The size in bytes up to which an unwanted body is read and discarded, so that its connection can be reused.
    private static let unwantedLimit: Int64 = 1 << 20

    /// Returns whether the answer left a body unread that is too long to discard.
    static func leavesLongBody(of request: Request, _ response: Response) -> Bool {
        let tookBody = [.put, .patch].contains(request.method) || response.status == .created
        guard response.status.code >= 400 || !tookBody else { return false }
        if request.headers[.transferEncoding] != nil { return true }
        return request.headers[.contentLength].flatMap { Int64($0) } ?? 0 > unwantedLimit
    }

    /// Returns the answer with the connection closed after it: otherwise the server would first read the rest of the
    /// request, however long it is. Until then the connection stays open for `lingering`, because closing it while bytes arrive
    /// resets it, and the sender could lose the answer.
    static func closing(_ response: Response, _ channel: any Channel, after lingering: Duration) -> Response {
        var response = response
        let body = response.body
        response.headers[.connection] = "close"
        response.body = ResponseBody(contentLength: body.contentLength) { writer in
            try await body.write(writer)
            let end = channel.eventLoop.scheduleTask(in: TimeAmount(lingering)) { channel.close(promise: nil) }
            try? await channel.closeFuture.get()
            end.cancel()
        }
        return response
    }
}
