import NIOCore
import NIOHTTP1
import OCIRegistry
import StubHTTP
import Synchronization
import Testing

@Suite struct TransportUploadTests {
    private static let content = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }

    @Test func `a body arrives whole, with its length`() async throws {
        try await StubServer.serving { _, _ in
            .reply(201)
        } _: { server in
            try await ConnectionFixture.connected(to: server.port) { connection, _ in
                _ = try await connection.status(.put("/v2/a/blobs/uploads/1", Self.content))
                #expect(server.requests.first?.body == Self.content)
                #expect(server.requests.first?.headers["content-length"] == "3000000")
                #expect(server.requests.first?.headers["transfer-encoding"] == nil)
            }
        }
    }

    @Test func `row 8: a refused body is sent again from its start`() async throws {
        try await StubServer.serving { _, index in
            index == 0 ? .reply(429, ["Retry-After": "1"]) : .reply(201)
        } _: { server in
            try await ConnectionFixture.connected(to: server.port) { connection, _ in
                _ = try await connection.status(.put("/v2/a/blobs/uploads/1", Self.content))
                #expect(server.requests.map(\.body) == [Self.content, Self.content])
            }
        }
    }

    @Test func `an answer that arrives while the body is being sent is accepted`() async throws {
        try await StubServer.serving { _, index in
            index == 0 ? .reply(429, ["Connection": "close"]) + [.pause(.milliseconds(200)), .close] : .reply(201)
        } early: { _ in
            true
        } _: { server in
            try await ConnectionFixture.connected(to: server.port) { connection, _ in
                let long = Self.content + Self.content + Self.content + Self.content
                try await connection.expect(.put("/v2/a/blobs/uploads/1", long, accepted: [429]), 429)
            }
        }
    }

    @Test(arguments: [false, true])
    func `a refusal while the body is being sent is reported in the registry's words`(inOnePiece: Bool) async throws {
        try await StubServer.serving { _, _ in
            .reply(413, ["Connection": "close"], Array(#"{"errors":[{"code":"SIZE_INVALID"}]}"#.utf8))
                + [.pause(.milliseconds(200)), .close]
        } early: { _ in
            true
        } _: { server in
            try await ConnectionFixture.connected(to: server.port) { connection, _ in
                // More than the sockets' buffers hold, so that the end of the body is still waiting when the answer
                // arrives.
                let long = [UInt8](repeating: 1, count: 40_000_000)
                var request = RegistryRequest.put("/v2/a/blobs/uploads/1", long)
                if inOnePiece { request.body = .bytes(long) }
                let error = try await refusal { [request] in try await connection.status(request) }
                #expect(error.code == .tooLarge)
                #expect(error.message.contains("SIZE_INVALID"), "\(error.message)")
            }
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `row 14: a server that stops reading is given up because a piece cannot be sent`() async throws {
        try await StubServer.serving { _, _ in
            [.pause(.seconds(300))]
        } early: { _ in
            true
        } _: { server in
            try await ConnectionFixture.connected(to: server.port, change: { $0.idle = .milliseconds(500) }) {
                connection, _ in
                // Never all handed over: no silence after the last piece can end it.
                let request = Self.trickle(pieces: 100_000, of: 65536, every: .milliseconds(1))
                let error = try await refusal { try await connection.status(request) }
                #expect(error.code == .interrupted)
                #expect(error.message.contains("the server stopped reading for 0.5 seconds"), "\(error.message)")
            }
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `an endless upload takes no longer than its size allows`() async throws {
        try await StubServer.serving { _, _ in
            .reply(201)
        } _: { server in
            func change(_ limits: inout RegistryLimits) {
                (limits.connect, limits.idle, limits.slowestRate) = (.milliseconds(200), .seconds(3), 10_000)
            }
            try await ConnectionFixture.connected(to: server.port, change: change) { connection, _ in
                // 6.4 s, of which 0.2 are for the bytes; none of them is late.
                let request = Self.trickle(pieces: 2000, of: 1, every: .milliseconds(10))
                let error = try await refusal { try await connection.status(request) }
                #expect(error.code == .interrupted)
                #expect(error.message.contains("exceeded its time limit"), "\(error.message)")
            }
        }
    }

    private static func trickle(pieces count: Int, of size: Int, every pause: Duration) -> RegistryRequest {
        var request = RegistryRequest.put("/v2/a/blobs/uploads/1", [])
        request.body = .stream(length: Int64(count * size)) {
            let piece = ByteBuffer(repeating: 1, count: size)
            let left = Mutex(count)
            return AsyncThrowingStream<ByteBuffer, any Error> {
                try await Task.sleep(for: pause)
                return left.withLock { left in
                    left -= 1
                    return left < 0 ? nil : piece
                }
            }
        }
        return request
    }

    @Test func `a failure of the source is reported as it is`() async throws {
        struct Broken: Error, Equatable {}
        try await StubServer.serving { _, _ in
            .reply(201)
        } _: { server in
            try await ConnectionFixture.connected(to: server.port) { connection, _ in
                var request = RegistryRequest(.PUT, .path("/v2/a"), scopes: [], accepted: [201])
                request.body = .stream(length: 100) {
                    AsyncThrowingStream<ByteBuffer, any Error> { stream in
                        stream.yield(ByteBuffer(bytes: [1]))
                        stream.finish(throwing: Broken())
                    }
                }
                do {
                    _ = try await connection.status(request)
                    Issue.record("the upload succeeded, although its source failed")
                } catch { #expect(error is Broken) }
                #expect(server.requests.isEmpty)
            }
        }
    }

    @Test(arguments: [99, 101])
    func `a body that does not have its announced length is refused`(count: Int) async throws {
        try await StubServer.serving { _, _ in
            .reply(201)
        } _: { server in
            try await ConnectionFixture.connected(to: server.port) { connection, _ in
                var request = RegistryRequest.put("/v2/a", [UInt8](repeating: 0, count: count))
                if case .stream(_, _, let open) = request.body { request.body = .stream(length: 100, open: open) }
                let error = try await refusal { [request] in try await connection.status(request) }
                #expect(error.code == .corrupt)
            }
        }
    }
}
