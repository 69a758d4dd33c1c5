import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import RegistryServer
import RegistryTesting
import Testing

@Suite struct LimitTests {
    @Test func `a client that falls silent in the middle of a request loses its connection, not what it sent`()
        async throws
    {
        try await TestRegistry.run(configure: { $0.limits.silence = 1 }) { registry in
            let client = RegistryClient(registry)
            let location = try await client.begin()
            let (pieces, source) = AsyncStream<ByteBuffer>.makeStream()
            source.yield(ByteBuffer(bytes: noise(1000)))
            var request = HTTPClientRequest(url: registry.url + location)
            request.method = .PATCH
            request.body = .stream(pieces, length: .known(Int64(2000)))
            let answer = try? await client.client.execute(request, timeout: .seconds(30))
            #expect(answer.map { $0.status.code } != 202)
            #expect(try await client.send(.GET, location)["Range"] == "0-999")
            source.finish()
        }
    }

    @Test func `a header beyond the limit is refused`() async throws {
        try await TestRegistry.run { registry in
            let header = ["X-Large": String(repeating: "x", count: 100 << 10)] as HTTPHeaders
            let answer = try? await RegistryClient(registry).send(.GET, "/v2/", header)
            #expect(answer?.status != 200)
            #expect(registry.wire.requests.isEmpty)
        }
    }

    @Test func `stopped while clients come and go, a registry ends in order`() async throws {
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
                while registry.wire.requests.count < 50 { try await Task.sleep(for: .milliseconds(1)) }
                await registry.registry.stop()
                // They would go on trying to connect.
                clients.cancel()
                await clients.value
            }
        }
    }
}
