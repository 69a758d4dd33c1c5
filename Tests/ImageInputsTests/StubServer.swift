import Glibc
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
        /// Waits for the client to come so far; not longer than ten seconds.
        case until(@Sendable () -> Bool)
        /// Closes with a TCP reset instead of an orderly end.
        case reset
        case close
    }

    typealias Connection = NIOAsyncChannel<ByteBuffer, ByteBuffer>

    let port: Int
    private let log = Mutex<[Received]>([])
    private let active = Mutex<(now: Int, most: Int)>((0, 0))
    private let respond: @Sendable (Received, Int) -> [Step]

    /// Every request so far, in order of arrival.
    var requests: [Received] { log.withLock { $0 } }
    /// The most responses that were under way at one moment.
    var mostAtOnce: Int { active.withLock { $0.most } }

    func url(_ path: String) -> String { "http://127.0.0.1:\(port)\(path)" }

    private init(port: Int, respond: @escaping @Sendable (Received, Int) -> [Step]) {
        self.port = port
        self.respond = respond
    }

    /// Serves while `body` runs. `respond` gets the request and the number of requests before it.
    static func serving<Result: Sendable>(
        _ respond: @escaping @Sendable (Received, Int) -> [Step], _ body: (StubServer) async throws -> Result
    ) async throws -> Result {
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.0.1", port: 0) { channel in
                channel.eventLoop.makeCompletedFuture { try Connection(wrappingChannelSynchronously: channel) }
            }
        let server = StubServer(port: channel.channel.localAddress?.port ?? 0, respond: respond)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try? await channel.executeThenClose { connections in
                    try await withThrowingDiscardingTaskGroup { serving in
                        for try await connection in connections {
                            serving.addTask { try? await server.serve(connection) }
                        }
                    }
                }
            }
            let result = try await body(server)
            group.cancelAll()
            return result
        }
    }

    private func serve(_ connection: Connection) async throws {
        try await connection.executeThenClose { inbound, outbound in
            var text = ""
            for try await bytes in inbound {
                text += String(buffer: bytes)
                guard let end = text.firstRange(of: "\r\n\r\n") else { continue }
                let request = Self.parse(text[..<end.lowerBound])
                text = String(text[end.upperBound...])
                let index = log.withLock { log in
                    log.append(request)
                    return log.count - 1
                }
                active.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1)) }
                defer { active.withLock { $0.now -= 1 } }
                for step in respond(request, index) {
                    switch step {
                    case .send(let bytes): try await outbound.write(ByteBuffer(bytes: bytes))
                    case .pause(let duration): try await Task.sleep(for: duration)
                    case .until(let isReached):
                        for _ in 0..<2000 where !isReached() { try await Task.sleep(for: .milliseconds(5)) }
                    case .close: return
                    case .reset:
                        let options = connection.channel as? any SocketOptionProvider
                        try await options?.setSoLinger(linger(l_onoff: 1, l_linger: 0)).get()
                        return
                    }
                }
            }
        }
    }

    private static func parse(_ head: Substring) -> Received {
        let lines = head.split(separator: "\r\n")
        let words = lines.first?.split(separator: " ") ?? []
        let fields = lines.dropFirst().compactMap { line -> (String, String)? in
            guard let colon = line.firstIndex(of: ":") else { return nil }
            return (line[..<colon].lowercased(), String(line[line.index(after: colon)...].drop { $0 == " " }))
        }
        return Received(
            target: words.count > 1 ? String(words[1]) : "",
            headers: Dictionary(fields, uniquingKeysWith: { first, _ in first }))
    }
}
