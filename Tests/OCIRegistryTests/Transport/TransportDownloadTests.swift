import NIOCore
import OCIRegistry
import StubHTTP
import Synchronization
import Testing

@Suite struct TransportDownloadTests {
    @Test(.timeLimit(.minutes(1)))
    func `only the beginning of an endless refusal is read`() async throws {
        let body = [UInt8](repeating: 0x20, count: 10_000_000)
        try await StubServer.serving { _, _ in
            .reply(400, ["Content-Length": "1000000000"], body) + [.pause(.seconds(300))]
        } _: { server in
            try await ConnectionFixture.connected(to: server.port, change: { $0.idle = .seconds(200) }) {
                connection, _ in
                let error = try await refusal { try await connection.text(.get("/v2/")) }
                #expect(error.code == .refused)
            }
        }
    }

    private static let content = (0..<500_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }

    /// Reads a body, and returns its size and the error that ended it.
    private func read(_ connection: RegistryConnection) async throws -> (count: Int, error: OCIRegistryError?) {
        try await connection.send(.get("/v2/a/blobs/x")) { response in
            var count = 0
            do {
                for try await piece in response.body { count += piece.readableBytes }
                return (count, nil)
            } catch let error as OCIRegistryError { return (count, error) }
        }
    }

    @Test func `row 11: a body that ends early is interrupted, and keeps what arrived`() async throws {
        try await StubServer.serving { _, _ in
            .begin(Self.content, sending: 100_000) + [.close]
        } _: { server in
            try await ConnectionFixture.connected(to: server.port) { connection, _ in
                let (count, error) = try await read(connection)
                #expect(error?.code == .interrupted)
                #expect(count <= 100_000)
                #expect(server.requests.count == 1)
            }
        }
    }

    @Test func `row 12: a body that stalls is interrupted`() async throws {
        try await StubServer.serving { _, _ in
            .begin(Self.content, sending: 1000) + [.pause(.seconds(300))]
        } _: { server in
            try await ConnectionFixture.connected(to: server.port, change: { $0.idle = .milliseconds(400) }) {
                connection, _ in
                let (count, error) = try await read(connection)
                #expect(count == 1000)
                #expect(error?.code == .interrupted)
            }
        }
    }

    @Test func `row 13: a body that only drips is interrupted`() async throws {
        try await StubServer.serving { _, _ in
            .begin(Self.content, sending: 1000)
                + (0..<1000).flatMap { _ in [StubServer.Step.pause(.milliseconds(20)), .send([1])] }
        } _: { server in
            try await ConnectionFixture.connected(
                to: server.port,
                change: {
                    $0.rateWindow = .milliseconds(500)
                    $0.slowestRate = 100_000
                }
            ) { connection, _ in
                let (count, error) = try await read(connection)
                #expect(error?.code == .interrupted)
                #expect(error?.message.contains("only") == true)
                #expect(count < 2000)
            }
        }
    }

    @Test func `a slow reader's time does not count as the server's`() async throws {
        try await StubServer.serving { _, _ in
            .reply(200, [:], Self.content)
        } _: { server in
            try await ConnectionFixture.connected(to: server.port, change: { $0.rateWindow = .seconds(30) }) {
                connection, fixture in
                let count = try await connection.send(.get("/v2/a/blobs/x")) { response in
                    var count = 0
                    for try await piece in response.body {
                        count += piece.readableBytes
                        fixture.skip(.seconds(3600))
                    }
                    return count
                }
                #expect(count == Self.content.count)
            }
        }
    }
}
