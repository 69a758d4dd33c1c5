import NIOCore
import OCIModel
import OCIRegistry
import StubHTTP
import TestSupport
import Testing

@Suite struct RetryTests {
    @Test(arguments: [408, 425, 429, 499, 500, 502, 503, 504, 520, 524])
    func `row 3, 4, 9: a temporary failure is tried again`(status: Int) async throws {
        try await StubServer.serving { _, index in
            index < 2 ? .reply(status) : .reply(200, [:], [65])
        } _: { server in
            try await ConnectionFixture.connected(to: server.port) { connection, fixture in
                try await connection.expect(.get("/v2/"), "A")
                #expect(server.requests.count == 3)
                #expect(fixture.pauses == [.milliseconds(500), .seconds(1)])
            }
        }
    }

    @Test func `too many requests are that, whatever the status`() async throws {
        let body = Array(#"{"errors":[{"code":"TOOMANYREQUESTS","message":"slow down"}]}"#.utf8)
        try await StubServer.serving { _, _ in
            .reply(403, [:], body)
        } _: { server in
            try await ConnectionFixture.connected(to: server.port, change: { $0.attempts = 2 }) { connection, _ in
                let error = try await refusal { try await connection.text(.get("/v2/")) }
                #expect(error.code == .busy && error.status == 429 && server.requests.count == 2)
                #expect(error.message.contains("answered 403") && error.message.contains("slow down"))
            }
        }
    }

    @Test func `retries end at the limit of attempts, and the error says so`() async throws {
        try await StubServer.serving { _, _ in
            .reply(503)
        } _: { server in
            try await ConnectionFixture.connected(to: server.port, change: { $0.attempts = 4 }) { connection, _ in
                let error = try await refusal { try await connection.text(.get("/v2/")) }
                #expect(error.code == .busy)
                #expect(error.status == 503)
                #expect(error.message.contains("4 attempts"))
                #expect(server.requests.count == 4)
            }
        }
    }

    @Test(arguments: [
        ["Retry-After": "20"],
        ["Retry-After": "Sun, 06 Nov 1994 08:50:00 GMT", "Date": "Sun, 06 Nov 1994 08:49:40 GMT"],
    ])
    func `row 5, 6, 7: a requested wait is respected, in both forms`(headers: [String: String]) async throws {
        try await StubServer.serving { _, index in
            index == 0 ? .reply(429, headers) : .reply(200)
        } _: { server in
            try await ConnectionFixture.connected(to: server.port) { connection, fixture in
                _ = try await connection.text(.get("/v2/"))
                #expect(fixture.pauses.reduce(.zero, +) == .seconds(20))
            }
        }
    }

    @Test func `row 6: all requests to that host wait, but not those to other hosts`() async throws {
        try await StubServer.serving { _, index in
            index == 0 ? .reply(429, ["Retry-After": "20"]) : .reply(200)
        } _: { busy in
            try await StubServer.serving { _, _ in
                .reply(200)
            } _: { other in
                let fixture = ConnectionFixture()
                var settings = fixture.settings()
                settings.limits.attempts = 1
                try await RegistryNetwork.withNetwork(settings) { network in
                    let first = try network.connection(to: RegistryHost("127.0.0.1:\(busy.port)"))
                    let second = try network.connection(to: RegistryHost("127.0.0.1:\(other.port)"))
                    let error = try await refusal { try await first.text(.get("/v2/")) }
                    #expect(error.code == .busy)
                    _ = try await second.text(.get("/v2/"))
                    #expect(fixture.pauses.isEmpty)
                    _ = try await first.text(.get("/v2/"))
                    #expect(fixture.pauses.count == 1)
                    #expect(fixture.pauses.allSatisfy { $0 > .seconds(10) && $0 <= .seconds(20) })
                }
            }
        }
    }

    @Test func `the error for a wait that is too long names it`() async throws {
        try await StubServer.serving { _, _ in
            .reply(429, ["Retry-After": "7200"])
        } _: { server in
            try await ConnectionFixture.connected(to: server.port) { connection, fixture in
                let error = try await refusal { try await connection.text(.get("/v2/")) }
                #expect(error.message.contains("7200 s"))
                #expect(fixture.pauses.isEmpty)
            }
        }
    }

    @Test func `a broken connection is tried again`() async throws {
        try await StubServer.serving { _, index in
            index == 0 ? [.reset] : .reply(200, [:], [65])
        } _: { server in
            try await ConnectionFixture.connected(to: server.port) { connection, _ in
                try await connection.expect(.get("/v2/"), "A")
            }
        }
    }

    @Test func `an unrepeatable request is sent once, whatever breaks`() async throws {
        try await StubServer.serving { _, index in
            index == 0 ? [.reset] : .reply(500)
        } _: { server in
            try await ConnectionFixture.connected(to: server.port) { connection, _ in
                let broken = try await refusal { try await connection.status(.put("/v2/a/blobs/uploads/1", [1])) }
                #expect(broken.code == .interrupted)
                let failed = try await refusal { try await connection.status(.put("/v2/a/blobs/uploads/1", [1])) }
                #expect(failed.code == .busy)
                #expect(server.requests.count == 2)
            }
        }
    }

    @Test func `a host that does not answer is unreachable`() async throws {
        let closed = try ClosedPort()
        let port = closed.number
        defer { withExtendedLifetime(closed) {} }
        try await ConnectionFixture.connected(to: port) { connection, fixture in
            let error = try await refusal { try await connection.text(.get("/v2/")) }
            #expect(error.code == .unreachable)
            #expect(error.message.contains("127.0.0.1:\(port)"))
            #expect(fixture.pauses.count == 2)
        }
    }
}
