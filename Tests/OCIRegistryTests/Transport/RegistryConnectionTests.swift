import NIOCore
import NIOHTTP1
import OCIRegistry
import StubHTTP
import TestSupport
import Testing

@Suite struct RegistryConnectionTests {
    @Test func `an accepted answer has status, headers, absolute location and body`() async throws {
        try await StubServer.serving { _, _ in
            .reply(202, ["Location": "/v2/a/uploads/1?_state=x", "Range": "0-0"])
        } _: { server in
            try await ConnectionFixture.connected(to: server.port) { connection, _ in
                let request = RegistryRequest(.POST, .path("/v2/a/blobs/uploads/"), scopes: [], accepted: [202])
                let location = try await connection.send(request) { response in
                    #expect(response.status == 202)
                    #expect(response.headers.first(name: "Range") == "0-0")
                    return response.location
                }
                #expect(location == "http://127.0.0.1:\(server.port)/v2/a/uploads/1?_state=x")
                #expect(server.requests.first?.headers["content-length"] == "0")
                #expect(server.requests.first?.headers["user-agent"] == "imagebuild")
            }
        }
    }

    @Test func `a connection serves many requests`() async throws {
        try await StubServer.serving { request, _ in
            request.target == "/gone" ? .reply(404, [:], Array("{\"errors\":[]}".utf8)) : .reply(200, [:], [65, 66])
        } _: { server in
            try await ConnectionFixture.connected(to: server.port) { connection, _ in
                for _ in 0..<3 {
                    try await connection.expect(.get("/v2/"), "AB")
                    try await connection.expect(.get("/gone", accepted: [404]), 404)
                    _ = try await refusal { try await connection.text(.get("/gone")) }
                }
                #expect(server.connectionCount == 1)
            }
        }
    }

    @Test func `a refusal is reported in the registry's own words, without the query`() async throws {
        let body = #"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"no such\u001b[2J manifest"},{"code":"X"}]}"#
        try await StubServer.serving { _, _ in
            .reply(404, ["X-Request-Id": "r-17"], Array(body.utf8))
        } _: { server in
            try await ConnectionFixture.connected(to: server.port) { connection, _ in
                let error = try await refusal { try await connection.text(.get("/v2/a/manifests/1?sig=secret")) }
                #expect(error.code == .notFound)
                #expect(error.status == 404)
                #expect(error.message.contains("GET http://127.0.0.1:\(server.port)/v2/a/manifests/1"))
                #expect(error.message.contains("MANIFEST_UNKNOWN: no such\u{fffd}[2J manifest; X"))
                #expect(error.message.contains("r-17"))
                #expect(!error.message.contains("secret"))
            }
        }
    }

    @Test(arguments: [
        (400, OCIRegistryError.Code.refused), (403, .denied), (405, .unsupported), (409, .conflict), (412, .conflict),
        (413, .tooLarge), (416, .refused), (418, .refused),
    ])
    func `a permanent failure is not tried again`(status: Int, code: OCIRegistryError.Code) async throws {
        try await StubServer.serving { _, _ in
            .reply(status)
        } _: { server in
            try await ConnectionFixture.connected(to: server.port) { connection, _ in
                let error = try await refusal { try await connection.text(.get("/v2/")) }
                #expect(error.code == code)
                #expect(server.requests.count == 1)
            }
        }
    }

    @Test func `row 46: a login page of the network is not taken for a registry`() async throws {
        try await StubServer.serving { _, _ in
            .reply(200, ["Content-Type": "text/html; charset=utf-8"], Array("<html>".utf8))
        } _: { server in
            try await ConnectionFixture.connected(to: server.port) { connection, _ in
                let error = try await refusal { try await connection.text(.get("/v2/")) }
                #expect(error.code == .protocolViolation)
                #expect(error.message.contains("web page"))
            }
        }
    }

    @Test func `a warning is reported once`() async throws {
        try await StubServer.serving { _, index in
            .reply(200, ["Warning": index == 2 ? "299 - \"other\"" : "299 - \"going \\\"away\\\"\""])
        } _: { server in
            try await ConnectionFixture.connected(to: server.port) { connection, fixture in
                for _ in 0..<4 { _ = try await connection.text(.get("/v2/")) }
                let host = "127.0.0.1:\(server.port)"
                #expect(fixture.warnings == ["\(host): going \"away\"", "\(host): other"])
            }
        }
    }

    @Test func `the number of simultaneous requests to a host is limited`() async throws {
        try await StubServer.serving { _, _ in
            [.pause(.milliseconds(50))] + .reply(200)
        } _: { server in
            try await ConnectionFixture.connected(to: server.port, change: { $0.requestsPerHost = 3 }) {
                connection, _ in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<12 { group.addTask { _ = try await connection.text(.get("/v2/")) } }
                    try await group.waitForAll()
                }
                #expect(server.requests.count == 12)
                #expect(server.mostAtOnce <= 3)
            }
        }
    }

    @Test func `a request that is cancelled while waiting for its turn ends`() async throws {
        try await StubServer.serving { _, _ in
            [.pause(.hanging)]
        } _: { server in
            try await ConnectionFixture.connected(to: server.port, change: { $0.requestsPerHost = 1 }) {
                connection, _ in
                await #expect(throws: CancellationError.self) {
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        for _ in 0..<3 { group.addTask { _ = try await connection.text(.get("/v2/")) } }
                        try await until { !server.requests.isEmpty }
                        group.cancelAll()
                        try await group.waitForAll()
                    }
                }
                #expect(server.requests.count == 1)
            }
        }
    }
}
