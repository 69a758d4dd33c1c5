import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOPosix
import RegistryServer
import RegistryTesting
import Synchronization
import TestSupport
import Testing

@Suite struct LimitTests {
    @Test(arguments: [64, 256, 1024, 16_384])
    func `clients never take all files that the process may open`(openFiles: Int) {
        var limits = ServerLimits()
        limits.fit(openFiles: openFiles)
        #expect(limits.connections >= 1 && limits.connections <= ServerLimits().connections)
        let answered = limits.connections / 8
        if openFiles >= 256 { #expect(2 * limits.connections + answered < openFiles - 100) }
    }

    @Test func `a client that falls silent during a request loses its connection, but not what it sent`()
        async throws
    {
        try await TestRegistry.run(configure: { $0.limits.silence = 1 }) { registry in
            let client = RegistryClient(registry)
            var location = ""
            // On a busy machine the connection can be lost before the registry has got to what was sent.
            repeat {
                registry.wire.clear()
                location = try await client.begin()
                let (pieces, source) = AsyncStream<ByteBuffer>.makeStream()
                source.yield(ByteBuffer(bytes: noise(1000)))
                var request = HTTPClientRequest(url: registry.url + location)
                request.method = .PATCH
                request.body = .stream(pieces, length: .known(Int64(2000)))
                let answer = try? await client.client.execute(request, deadline: .distantFuture)
                #expect(answer.map { $0.status.code } != 202)
                source.finish()
            } while registry.wire.requests(.uploadChunk).first?.bytesIn != 1000
            #expect(try await client.send(.GET, location)["Range"] == "0-999")
        }
    }

    @Test func `a header above the limit is refused`() async throws {
        try await TestRegistry.run { registry in
            let header = ["X-Large": String(repeating: "x", count: 100 << 10)] as HTTPHeaders
            let answer = try? await RegistryClient(registry).send(.GET, "/v2/", header)
            #expect(answer?.status != 200)
            #expect(registry.wire.requests.isEmpty)
        }
    }

    @Test(arguments: ["Content-Length: 1099511627776", "Transfer-Encoding: chunked"], ["PATCH", "GET"])
    func `an unwanted body is not read to its end`(header: String, method: String) async throws {
        func configure(_ configuration: inout RegistryConfiguration) {
            (configuration.limits.blob, configuration.limits.lingering) = (1000, .seconds(1))
        }
        try await TestRegistry.run(configure: configure) { registry in
            let target = method == "GET" ? "/v2/" : try await RegistryClient(registry).begin()
            let answer = try await Flood.send(
                "\(method) \(target) HTTP/1.1\r\nHost: a\r\n\(header)\r\n\r\n", to: registry)
            #expect(answer.text.hasPrefix("HTTP/1.1 \(method == "GET" ? 200 : 413) "), "\(answer.text)")
            #expect(answer.text.lowercased().contains("connection: close"))
            #expect(answer.sent < 64 << 20, "\(answer.sent) bytes were taken")
        }
    }

    @Test func `a registry that is stopped while clients come and go ends in order`() async throws {
        for _ in 0..<10 {
            try await TestRegistry.run { registry in
                let client = RegistryClient(registry)
                let clients = Task {
                    await withDiscardingTaskGroup { group in
                        for _ in 0..<8 {
                            group.addTask {
                                // Each on a connection of its own.
                                while (try? await client.send(.GET, "/v2/", ["Connection": "close"])) != nil {}
                            }
                        }
                    }
                }
                try await until { registry.wire.requests.count >= 50 }
                await registry.registry.stop()
                // They would keep trying to connect.
                clients.cancel()
                await clients.value
            }
        }
    }
}

/// A client that keeps sending, whatever the answer.
/// A client that never stops sending.
enum Flood {
    /// A handler that collects what the server says.
    private final class Listener: ChannelInboundHandler, Sendable {
        typealias InboundIn = ByteBuffer
        let text = Mutex("")
        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let piece = String(buffer: unwrapInboundIn(data))
            text.withLock { $0 += piece }
        }
    }

    /// Sends an endless body.
    ///
    /// - Returns: The answer, and the number of bytes that were sent.
    static func send(_ head: String, to registry: TestRegistry) async throws -> (text: String, sent: Int) {
        let listener = Listener()
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { $0.pipeline.addHandler(listener) }
            .connect(host: "127.0.0.1", port: registry.registry.port).get()
        try await channel.writeAndFlush(ByteBuffer(string: head))
        var sent = 0
        let piece = ByteBuffer(string: "100000\r\n" + String(repeating: "x", count: 1 << 20) + "\r\n")
        while sent < 256 << 20 {
            do { try await channel.writeAndFlush(piece) } catch { break }
            sent += piece.readableBytes
        }
        try? await channel.close()
        return (listener.text.withLock { $0 }, sent)
    }
}
