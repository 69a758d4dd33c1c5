import NIOCore
import NIOPosix
import Synchronization

/// An HTTP server on loopback that misbehaves on demand: a test scripts the bytes, pauses and resets of each response.
final class StubServer: Sendable {
    /// A request as it arrived; header names in lower case.
    struct Received: Sendable {
        var target: String
        var headers: [String: String]
    }

    enum Step: Sendable {
        case send([UInt8])
        case pause(Duration)
        /// Waits for the client to come so far.
        case until(@Sendable () -> Bool)
        /// Closes with a TCP reset instead of an orderly end.
        case reset
        case close
    }

    typealias Respond = @Sendable (Received, Int) -> [Step]

    private struct State {
        var port = 0
        var requests: [Received] = []
        var active = 0
        var mostAtOnce = 0
        var connections: [any Channel] = []
    }

    private let state = Mutex(State())
    private let respond: Respond

    var port: Int { state.withLock { $0.port } }
    /// Every request so far, in order of arrival.
    var requests: [Received] { state.withLock { $0.requests } }
    /// The most responses that were under way at one moment.
    var mostAtOnce: Int { state.withLock { $0.mostAtOnce } }

    func url(_ path: String) -> String { "http://127.0.0.1:\(port)\(path)" }

    private init(_ respond: @escaping Respond) { self.respond = respond }

    /// Serves while `body` runs. `respond` gets the request and the number of requests before it.
    static func serving<Result: Sendable>(
        _ respond: @escaping Respond, _ body: (StubServer) async throws -> Result
    ) async throws -> Result {
        let server = StubServer(respond)
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

    /// Notes a request and gives the script of its response.
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
