import HTTPTypes
import NIOHTTP1
import OCIModel
import RegistryServer
import RegistryTesting
import Testing

/// Tests that the faults do what their names say: tests built upon them would prove nothing otherwise.
@Suite struct FaultTests {
    private let blob = noise(200_000)

    @Test func `a reset or truncated answer fails at the client, and its bytes are counted`() async throws {
        try await TestRegistry.run { registry in
            let client = RegistryClient(registry)
            let path = "/v2/a/b/blobs/\(try await client.push(blob))"
            for action in [FaultScript.Action.resetAnswer(after: 1000), .truncateAnswer(after: 1000)] {
                registry.wire.clear()
                registry.faults.on(.blob, method: .get, action)
                await #expect(throws: (any Error).self) { try await client.send(.GET, path) }
                #expect(registry.wire.requests(.blob).first?.bytesOut == 1000)
                #expect(registry.wire.requests(.blob).first?.status == 200)
                #expect(try await client.send(.GET, path).body == blob, "the rule acts once")
                registry.faults.clear()
            }
        }
    }

    @Test func `a request whose answer is lost was carried out`() async throws {
        try await TestRegistry.run { registry in
            let client = RegistryClient(registry)
            let location = try await client.begin()
            let digest = Digest(of: blob)
            registry.faults.on(.uploadFinish, .resetAnswer(after: 0))
            await #expect(throws: (any Error).self) {
                try await client.send(.PUT, "\(location)?digest=\(digest)", body: blob)
            }
            #expect(try await client.send(.HEAD, "/v2/a/b/blobs/\(digest)").status == 200)
            #expect(registry.wire.requests(.uploadFinish).first?.status == nil)
        }
    }

    @Test func `a stalled answer ends only when the client gives up`() async throws {
        try await TestRegistry.run { registry in
            let client = RegistryClient(registry)
            let path = "/v2/a/b/blobs/\(try await client.push(blob))"
            registry.faults.on(.blob, method: .get, .stallAnswer(after: 5))
            let stalled = Task { try await client.send(.GET, path) }
            while registry.wire.requests(.blob).first?.bytesOut != 5 { try await Task.sleep(for: .milliseconds(5)) }
            stalled.cancel()
            await #expect(throws: (any Error).self) { try await stalled.value }
            #expect(registry.wire.requests(.blob).first?.bytesOut == 5)
        }
    }

    @Test func `a dripping answer is complete in the end`() async throws {
        try await TestRegistry.run { registry in
            let client = RegistryClient(registry)
            let path = "/v2/a/b/blobs/\(try await client.push(blob))"
            registry.faults.on(.blob, method: .get, .dripAnswer(bytes: 50_000, every: .milliseconds(10)))
            let began = ContinuousClock.now
            #expect(try await client.send(.GET, path).body == blob)
            #expect(ContinuousClock.now - began >= .milliseconds(40))
        }
    }

    @Test func `a scripted answer replaces the registry's in its turns, with its headers`() async throws {
        try await TestRegistry.run { registry in
            let client = RegistryClient(registry)
            registry.faults.on(.base, turns: 2...3, .answer(429, [.retryAfter: "2"], body: "slowly"))
            var statuses: [UInt] = []
            for _ in 0..<4 { statuses.append(try await client.send(.GET, "/v2/").status) }
            #expect(statuses == [200, 429, 429, 200])
            registry.faults.on(.base, .answer(503, [.retryAfter: "2"], body: "slowly"))
            let answer = try await client.send(.GET, "/v2/")
            #expect(answer.status == 503 && answer["Retry-After"] == "2" && answer.text == "slowly")
            #expect(registry.wire.requests(.base).map(\.status) == [200, 429, 429, 200, 503])
        }
    }

    @Test func `headers and bodies are edited`() async throws {
        try await TestRegistry.run { registry in
            let client = RegistryClient(registry)
            let path = "/v2/a/b/blobs/\(try await client.push(blob))"
            registry.faults.on(.blob, .editHeaders { $0[.contentType] = "text/html" })
            let headers = try await client.send(.GET, path)
            #expect(headers["Content-Type"] == "text/html" && headers.body == blob)
            registry.faults.clear()
            registry.faults.on(.blob, .editBody { Array($0.dropLast()) })
            let body = try await client.send(.GET, path)
            #expect(body.body == Array(blob.dropLast()) && body["Content-Length"] == "199999")
        }
    }

    @Test func `a duplicated request is answered once`() async throws {
        try await TestRegistry.run { registry in
            let client = RegistryClient(registry)
            let location = try await client.begin()
            registry.faults.on(.uploadChunk, .duplicate)
            let answer = try await client.send(.PATCH, location, ["Content-Range": "0-199999"], body: blob)
            #expect(answer.status == 416 && answer["Range"] == "0-199999")
        }
    }

    @Test func `an early answer does not wait for the body`() async throws {
        try await TestRegistry.run { registry in
            let client = RegistryClient(registry)
            let location = try await client.begin()
            registry.faults.on(.uploadChunk, .answer(413, isEarly: true))
            #expect(try await client.send(.PATCH, location, body: blob).status == 413)
            #expect(registry.wire.uploaded == 0)
        }
    }
}
