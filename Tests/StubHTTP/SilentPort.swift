import NIOCore
import NIOPosix

/// A port on loopback to which connecting never completes: its queue is full and nothing accepts.
package enum SilentPort {
    package static func listening<Result: Sendable>(_ body: (Int) async throws -> Result) async throws -> Result {
        let group = MultiThreadedEventLoopGroup.singleton
        let server = try await ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 0)
            .serverChannelOption(.autoRead, value: false)
            .bind(host: "127.0.0.1", port: 0).get()
        let port = server.localAddress?.port ?? 0
        let queue = (0..<4).map { _ in
            ClientBootstrap(group: group).connectTimeout(.seconds(2)).connect(host: "127.0.0.1", port: port)
        }
        do {
            let result = try await body(port)
            try await server.close()
            for client in queue { client.whenSuccess { $0.close(promise: nil) } }
            return result
        } catch {
            try await server.close()
            throw error
        }
    }
}
