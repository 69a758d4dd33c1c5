import NIOHTTP1
import OCIModel
import RegistryServer
import RegistryTesting
import Synchronization
import TestSupport
import Testing

/// Tests of what lies below the protocol: heads, connections, and the log of requests.
@Suite struct WireTests {
    @Test(arguments: [
        "GET /v2/ HTTP/1.1\r\n\r\n", "GET /v2/ HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "GET /v2/ HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", "GET /v2/ HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n",
    ])
    func `a request without a host, or with two, is refused`(request: String) async throws {
        try await TestRegistry.run { registry in
            let connection = try await RawConnection(to: registry)
            try await connection.send(request)
            #expect(try await connection.wholeAnswer().hasPrefix("HTTP/1.1 400 "))
            #expect(registry.wire.requests.isEmpty)
        }
    }

    @Test(arguments: ["gzip, chunked", "gzip", "chunked, chunked", "chunked\r\nTransfer-Encoding: chunked", "identity"])
    func `a body that is coded in another way than in chunks is refused`(coding: String) async throws {
        try await TestRegistry.run { registry in
            let connection = try await RawConnection(to: registry)
            let head = "POST /v2/a/b/blobs/uploads/ HTTP/1.1\r\nHost: a\r\n"
            try await connection.send(head + "Transfer-Encoding: \(coding)\r\n\r\n0\r\n\r\n")
            #expect(try await connection.wholeAnswer().hasPrefix("HTTP/1.1 400 "))
            #expect(registry.wire.requests.isEmpty)
        }
    }

    @Test(arguments: [
        "GET /v2/ HTTP/1.0\r\n\r\n", "GET /v2/ HTTP/1.0\r\nHost: a\r\n\r\n",
        "GET /v2/ HTTP/1.1\r\nHost: a\r\nConnection: Close\r\n\r\n",
        "GET /v2/ HTTP/1.1\r\nHost: a\r\nConnection: TE, close\r\n\r\n",
    ])
    func `a connection that is not to be kept ends with the answer`(request: String) async throws {
        try await TestRegistry.run { registry in
            let connection = try await RawConnection(to: registry)
            try await connection.send(request)
            #expect(try await connection.wholeAnswer().hasPrefix("HTTP/1.1 200 "))
        }
    }

    @Test func `a client that waits before it sends a body is told to go on, once`() async throws {
        try await TestRegistry.run { registry in
            let location = try await RegistryClient(registry).begin()
            let connection = try await RawConnection(to: registry)
            let head = "PATCH \(location) HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\nExpect: 100-continue\r\n"
            try await connection.send(head + "Connection: close\r\n\r\n")
            try await until { connection.received == "HTTP/1.1 100 Continue\r\n\r\n" }
            try await connection.send("abcdef")
            let answer = try await connection.wholeAnswer().split(separator: "\r\n\r\n")
            #expect(answer.count == 2 && answer[1].hasPrefix("HTTP/1.1 202 "), "\(answer)")
        }
    }

    @Test func `a client that waits is not told to send what is refused`() async throws {
        try await TestRegistry.run(access: .basic) { registry in
            let connection = try await RawConnection(to: registry)
            let head = "POST /v2/a/b/blobs/uploads/ HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n"
            try await connection.send(head + "Expect: 100-continue\r\n\r\n")
            try await until { connection.received.contains("UNAUTHORIZED") }
            let answer = connection.received
            #expect(answer.hasPrefix("HTTP/1.1 401 ") && answer.lowercased().contains("connection: close"))
        }
    }

    @Test func `connections that only wait make room for others`() async throws {
        try await TestRegistry.run(configure: { $0.limits.connections = 4 }) { registry in
            var waiting: [RawConnection] = []
            for _ in 0..<20 {
                let connection = try await RawConnection(to: registry)
                try await connection.send("GET /v2/ HTTP/1.1\r\nX: ")
                waiting.append(connection)
                #expect(try await RegistryClient(registry).send(.GET, "/v2/").status == 200)
            }
            try await until { waiting.count { $0.isClosed } >= 16 }
        }
    }

    @Test func `requests beyond what is possible are answered with 503 and when to come back`() async throws {
        func configure(_ configuration: inout RegistryConfiguration) {
            (configuration.limits.connections, configuration.limits.slowness) = (4, 3600)
        }
        try await TestRegistry.run(configure: configure) { registry in
            var busy: [RawConnection] = []
            for number in 1...3 {
                let connection = try await RawConnection(to: registry)
                try await connection.send("PUT /v2/a/manifests/1 HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n")
                busy.append(connection)
                try await until { registry.wire.requests.count == number }
            }
            let further = try await RawConnection(to: registry)
            try await further.send("GET /v2/ HTTP/1.1\r\nHost: a\r\n\r\n")
            try await until { further.received.contains("UNAVAILABLE") }
            let answer = further.received
            #expect(answer.hasPrefix("HTTP/1.1 503 "), "\(answer)")
            #expect(answer.lowercased().contains("retry-after: 5\r\n"))
            for connection in busy { await connection.close() }
        }
    }

    @Test func `a body that drips ends its connection`() async throws {
        try await TestRegistry.run(configure: { $0.limits.rateWindow = 1 }) { registry in
            let connection = try await RawConnection(to: registry)
            try await connection.send("POST /token HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n")
            try await until {
                guard !connection.isClosed else { return true }
                Task { try? await connection.send("a") }
                return false
            }
        }
    }

    @Test func `a head that does not arrive ends its connection`() async throws {
        try await TestRegistry.run(configure: { $0.limits.head = 1 }) { registry in
            let connection = try await RawConnection(to: registry)
            // A machine may be so busy that the time is over before.
            try? await connection.send("GET /v2/ HTTP/1.1\r\n")
            #expect(try await connection.wholeAnswer() == "")
        }
    }

    @Test func `the log has a line for each request, with its user and no text that could pass for another line`()
        async throws
    {
        let lines = Mutex<[String]>([])
        let log = AccessLog { line in lines.withLock { $0.append(line) } }
        try await TestRegistry.run(access: .basic, configure: { $0.accessLog = log }) { registry in
            var client = RegistryClient(registry)
            _ = try await client.send(.GET, "/v2/a%0Ab/x", ["User-Agent": "\"a\\b"])
            client.headers = ["Authorization": "Basic \(Base64.encode(Array("user:secret".utf8)))"]
            _ = try await client.send(.GET, "/v2/")
            try await until { lines.withLock { $0.count } == 2 }
            let time = "[15/Jan/2027:08:00:00 +0000]"
            let seen = lines.withLock { $0.sorted() }
            #expect(seen[0].hasPrefix("127.0.0.1 - - \(time) \"GET /v2/a%0Ab/x HTTP/1.1\" 404 "), "\(seen)")
            #expect(seen[0].hasSuffix(#""-" "\x22a\x5cb""#), "\(seen)")
            #expect(seen[1].hasPrefix("127.0.0.1 - user \(time) \"GET /v2/ HTTP/1.1\" 200 "), "\(seen)")
        }
    }

    @Test(arguments: [false, true])
    func `a proxy is believed about the scheme only if the registry is told to`(isTrusted: Bool) async throws {
        try await TestRegistry.run(access: .bearer, configure: { $0.trustsProxy = isTrusted }) { registry in
            let answer = try await RegistryClient(registry).send(.GET, "/v2/", ["X-Forwarded-Proto": "https"])
            let realm = "Bearer realm=\"\(isTrusted ? "https" : "http")://\(registry.host)/token\""
            #expect(answer["WWW-Authenticate"]?.hasPrefix(realm) == true)
        }
    }
}
