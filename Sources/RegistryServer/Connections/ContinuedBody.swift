import HTTPTypes
import HummingbirdCore
import NIOCore
import NIOHTTPTypes
import Synchronization

/// The body of a request whose client waits for `100 Continue` before it sends it (RFC 9110, section 10.1.1): that is
/// said when the body is wanted, so that what is refused is never sent.
struct ContinuedBody: AsyncSequence, Sendable {
    typealias Element = ByteBuffer

    private let base: RequestBody
    private let channel: any Channel
    private let wanted: Wanted

    /// Whether the client was told to go on.
    final class Wanted: Sendable {
        fileprivate let isSaid = Mutex(false)
        var value: Bool { isSaid.withLock { $0 } }
    }

    init(_ base: RequestBody, on channel: any Channel, wanted: Wanted) {
        (self.base, self.channel, self.wanted) = (base, channel, wanted)
    }

    struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate var base: RequestBody.AsyncIterator
        fileprivate let body: ContinuedBody

        @concurrent mutating func next() async throws -> ByteBuffer? {
            let isFirst = body.wanted.isSaid.withLock { said in
                defer { said = true }
                return !said
            }
            if isFirst {
                try await body.channel.writeAndFlush(HTTPResponsePart.head(HTTPResponse(status: .continue)))
            }
            return try await base.next()
        }
    }

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(base: base.makeAsyncIterator(), body: self) }
}

extension Request {
    /// Returns a request whose body is asked for when it is read, if its client waits for that, and whether that came
    /// about; `nil` if it does not wait.
    func continued(on channel: any Channel) -> (Request, ContinuedBody.Wanted)? {
        guard headers[.expect]?.lowercased() == "100-continue" else { return nil }
        let wanted = ContinuedBody.Wanted()
        return (
            Request(head: head, body: RequestBody(asyncSequence: ContinuedBody(body, on: channel, wanted: wanted))),
            wanted
        )
    }
}
