import NIOCore
import NIOPosix
import Synchronization

/// An HTTP server on loopback that misbehaves on demand: a test scripts the bytes, pauses and resets of each response.
package final class StubServer: Sendable {
    /// A request as it arrived; header names are in lower case.
    package struct Received: Sendable {
        package var method: String
        package var target: String
        package var headers: [String: String]
        /// The body, which is empty if the answer did not wait for it.
        package var body: [UInt8] = []
    }

    package enum Step: Sendable {
        case send([UInt8])
        case pause(Duration)
        /// Waits until the client has come this far.
        case until(@Sendable () -> Bool)
        /// Closes the connection with a TCP reset instead of an orderly end.
        case reset
        case close
    }

    package typealias Respond = @Sendable (Received, Int) -> [Step]
    /// Whether the answer to a request with a body begins before the body has been read; the body is then never read.
    package typealias IsEarly = @Sendable (Received) -> Bool

    private struct State {
        var port = 0
        var requests: [Received] = []
        var active = 0
        var mostAtOnce = 0
        var connections: [any Channel] = []
    }

    private let state = Mutex(State())
    private let respond: Respond
    let isEarly: IsEarly

    package var port: Int { state.withLock { $0.port } }
    /// All requests so far, in order of arrival.
    package var requests: [Received] { state.withLock { $0.requests } }
    /// The largest number of responses that were in progress at once.
    package var mostAtOnce: Int { state.withLock { $0.mostAtOnce } }

    package func url(_ path: String) -> String { "http://127.0.0.1:\(port)\(path)" }

    /// The number of connections that were ever opened.
    package var connectionCount: Int { state.withLock { $0.connections.count } }

    private init(_ respond: @escaping Respond, _ isEarly: @escaping IsEarly) {
        self.respond = respond
        self.isEarly = isEarly
    }

    /// Serves while `body` runs. `respond` receives the request and the number of requests before it.
    package static func serving<Result: Sendable>(
        _ respond: @escaping Respond, early isEarly: @escaping IsEarly = { _ in false },
        _ body: (StubServer) async throws -> Result
    ) async throws -> Result {
        let server = StubServer(respond, isEarly)
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { connection in
                connection.eventLoop.makeCompletedFuture {
                    server.state.withLock { $0.connections.append(connection) }
                    try connection.pipeline.syncOperations.addHandler(StubConnection(server))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        server.state.withLock { $0.port = channel.localAddress?.port ?? 0 }
        do {
            let result = try await body(server)
            server.stop(channel)
            return result
        } catch {
            server.stop(channel)
            throw error
        }
    }

    /// Records a request and returns the script of its response.
    func begin(_ request: Received) -> [Step] {
        let index = state.withLock { state in
            state.requests.append(request)
            state.active += 1
            state.mostAtOnce = max(state.mostAtOnce, state.active)
            return state.requests.count - 1
        }
        return respond(request, index)
    }

    func end() { state.withLock { $0.active -= 1 } }

    private func stop(_ channel: any Channel) {
        channel.close(promise: nil)
        for connection in state.withLock({ $0.connections }) { connection.close(promise: nil) }
    }
}
