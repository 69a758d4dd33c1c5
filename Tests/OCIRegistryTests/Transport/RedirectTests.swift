import HTTPTransfer
import NIOCore
import NIOHTTP1
import OCIModel
import OCIRegistry
import StubHTTP
import Synchronization
import Testing

@Suite struct RedirectTests {
    private static let login = RegistryLogin(user: "u", password: "p")

    @Test func `row 34: another origin receives the range but no authorization`() async throws {
        try await StubServer.serving { _, _ in
            .reply(206, [:], [65])
        } _: { storage in
            try await StubServer.serving { request, _ in
                request.headers["authorization"] == nil
                    ? .reply(401, ["WWW-Authenticate": "Basic realm=\"x\""])
                    : .reply(307, ["Location": "http://127.0.0.1:\(storage.port)/blob?X-Signature=secret"])
            } _: { server in
                try await ConnectionFixture.connected(to: server.port, login: Self.login) { connection, _ in
                    var request = RegistryRequest.get("/v2/a/blobs/x", accepted: [206])
                    request.headers = ["Range": "bytes=5-"]
                    try await connection.expect(request, "A")
                    #expect(storage.requests.first?.headers["authorization"] == nil)
                    #expect(storage.requests.first?.headers["range"] == "bytes=5-")
                    #expect(server.requests.last?.headers["authorization"] == "Basic dTpw")
                }
            }
        }
    }

    /// Runs a storage with a token service of its own, behind a registry that requires a login.
    private static func redirected(
        realm: String = "/token", isGood: @escaping @Sendable (String) -> Bool = { _ in true },
        _ body: @Sendable (RegistryConnection, _ storage: StubServer, _ registry: StubServer) async throws -> Void
    ) async throws {
        let count = Atomic(0)
        try await StubServer.serving { request, _ in
            if request.target.hasPrefix("/token") {
                return .reply(
                    200, [:], Array(#"{"token":"anonymous\#(count.add(1, ordering: .relaxed).newValue)"}"#.utf8))
            }
            if let sent = request.headers["authorization"], isGood(sent) { return .reply(200, [:], Array(sent.utf8)) }
            return .reply(
                401, ["WWW-Authenticate": #"Bearer realm="\#(realm)",service="s",scope="repository:x/y:pull""#])
        } _: { storage in
            try await StubServer.serving { request, _ in
                request.headers["authorization"] == nil
                    ? .reply(401, ["WWW-Authenticate": "Basic realm=\"x\""])
                    : .reply(307, ["Location": "http://127.0.0.1:\(storage.port)/blob"])
            } _: { server in
                try await ConnectionFixture.connected(to: server.port, login: login) { connection, _ in
                    try await body(connection, storage, server)
                }
            }
        }
    }

    @Test func `row 34: a storage that requires a token receives an anonymous one, as it asks`() async throws {
        try await Self.redirected { connection, storage, _ in
            for _ in 0..<2 {
                try await connection.expect(.get("/v2/a/blobs/x", scopes: [.init("a", .pull)]), "Bearer anonymous1")
            }
            let asked = storage.requests.filter { $0.target.hasPrefix("/token") }
            #expect(asked.map(\.target) == ["/token?service=s&scope=repository%3Ax%2Fy%3Apull&client_id=imagebuild"])
            #expect(storage.requests.compactMap { $0.headers["authorization"] }.allSatisfy { $0.hasPrefix("Bearer a") })
        }
    }

    @Test func `an expired token for the storage is renewed once`() async throws {
        try await Self.redirected(isGood: { $0.hasSuffix("2") }) { connection, storage, _ in
            try await connection.expect(.get("/v2/a/blobs/x"), "Bearer anonymous2")
        }
        try await Self.redirected(isGood: { _ in false }) { connection, storage, _ in
            let error = try await refusal { try await connection.text(.get("/v2/a/blobs/x")) }
            #expect(error.code == .denied)
            #expect(storage.requests.filter { $0.target.hasPrefix("/token") }.count == 2)
        }
    }

    @Test(arguments: ["http://169.254.169.254/token", "http://10.0.0.1/token"])
    func `row 32: a storage's realm in the local network is not contacted`(realm: String) async throws {
        try await Self.redirected(realm: realm) { connection, _, _ in
            let error = try await refusal { try await connection.text(.get("/v2/a/blobs/x")) }
            #expect(error.code == .protocolViolation)
        }
    }

    @Test func `nothing is written to a storage anonymously`() async throws {
        try await Self.redirected { connection, storage, _ in
            let error = try await refusal { try await connection.status(.put("/v2/a", [1])) }
            #expect(error.code == .denied)
            #expect(storage.requests.map(\.target) == ["/blob"])
        }
    }

    @Test func `a redirect within the registry keeps the method, the body and the authorization`() async throws {
        try await StubServer.serving { request, _ in
            if request.headers["authorization"] == nil { return .reply(401, ["WWW-Authenticate": "basic"]) }
            return request.target == "/new" ? .reply(201) : .reply(307, ["Location": "/new"])
        } _: { server in
            try await ConnectionFixture.connected(to: server.port, login: Self.login) { connection, _ in
                _ = try await connection.status(.put("/v2/a", Array(repeating: 7, count: 200_000)))
                #expect(server.requests.map(\.method) == ["PUT", "PUT", "PUT"])
                #expect(server.requests.last?.body.count == 200_000)
                #expect(server.requests.last?.headers["authorization"] == "Basic dTpw")
            }
        }
    }

    @Test func `row 35: eleven redirects are too many, and a loop ends`() async throws {
        try await StubServer.serving { _, index in
            .reply(302, ["Location": "/v2/\(index % 3)"])
        } _: { server in
            try await ConnectionFixture.connected(to: server.port) { connection, _ in
                let error = try await refusal { try await connection.text(.get("/v2/")) }
                #expect(error.code == .protocolViolation)
                #expect(error.message.contains("10 redirects"))
                #expect(server.requests.count == 11)
            }
        }
    }

    @Test func `row 35: 303 does not turn an upload into something else`() async throws {
        try await StubServer.serving { _, _ in
            .reply(303, ["Location": "/v2/b"])
        } _: { server in
            try await ConnectionFixture.connected(to: server.port) { connection, _ in
                let error = try await refusal { try await connection.status(.put("/v2/a", [1])) }
                #expect(error.code == .protocolViolation)
                #expect(error.status == 303)
                #expect(server.requests.count == 1)
            }
        }
    }

    @Test(arguments: [
        "http://169.254.169.254/latest/meta-data", "http://10.0.0.1/", "http://[fe80::1]/", "http://2852039166/",
        "ftp://host/", "",
    ])
    func `row 35: a redirect into the local network is refused`(location: String) async throws {
        try await StubServer.serving { _, _ in
            .reply(302, ["Location": location])
        } _: { server in
            try await ConnectionFixture.connected(to: server.port) { connection, _ in
                let error = try await refusal { try await connection.text(.get("/v2/")) }
                #expect(error.code == .protocolViolation)
                #expect(server.requests.count == 1)
            }
        }
    }

    /// Everything goes through a proxy, so that addresses can be real ones.
    @Test(arguments: [[], ["other.example"], ["registry.example:80"], ["registry.example"]])
    func `a registry's redirect to the private network is followed if that was allowed`(
        allowed: [String]
    ) async throws {
        try await StubServer.serving { request, _ in
            request.target == "http://registry.example/v2/a/blobs/x"
                ? .reply(307, ["Location": "http://10.1.2.3:9000/blob"]) : .reply(200, [:], Array("blob".utf8))
        } _: { proxy in
            let host = try RegistryHost("registry.example")
            var settings = ConnectionFixture().settings()
            settings.proxies = try ProxySettings(environment: ["HTTP_PROXY": "http://127.0.0.1:\(proxy.port)"])
            settings.plainHTTP = [host]
            settings.privateRedirects = Set(try allowed.map { try RegistryHost($0) })
            try await RegistryNetwork.withNetwork(settings) { network in
                let connection = try network.connection(to: host)
                guard allowed.first?.hasPrefix("registry") == true else {
                    let error = try await refusal { try await connection.text(.get("/v2/a/blobs/x")) }
                    #expect(error.code == .protocolViolation)
                    return
                }
                try await connection.expect(.get("/v2/a/blobs/x"), "blob")
                #expect(proxy.requests.last?.target == "http://10.1.2.3:9000/blob")
            }
        }
    }

    @Test func `an accepted redirect is an answer`() async throws {
        try await StubServer.serving { _, _ in
            .reply(303, ["Location": "/docs"])
        } _: { server in
            try await ConnectionFixture.connected(to: server.port) { connection, _ in
                try await connection.expect(.get("/v2/a/referrers/x", accepted: [200, 303]), 303)
            }
        }
    }

    @Test func `row 36: an upload's location elsewhere is followed without the login`() async throws {
        try await StubServer.serving { _, _ in
            .reply(201)
        } _: { storage in
            try await StubServer.serving { request, _ in
                request.headers["authorization"] == nil
                    ? .reply(401, ["WWW-Authenticate": "Basic"])
                    : .reply(202, ["Location": "//127.0.0.1:\(storage.port)/u"])
            } _: { server in
                try await ConnectionFixture.connected(to: server.port, login: Self.login) { connection, _ in
                    let start = RegistryRequest(.POST, .path("/v2/a/blobs/uploads/"), scopes: [], accepted: [202])
                    let location = try #require(try await connection.send(start) { $0.location })
                    #expect(location == "http://127.0.0.1:\(storage.port)/u")
                    let put = RegistryRequest(.PUT, .location(location), scopes: [], accepted: [201])
                    _ = try await connection.status(put)
                    #expect(storage.requests.map(\.target) == ["/u"])
                    #expect(storage.requests.first?.headers["authorization"] == nil)
                }
            }
        }
    }

    @Test func `row 34: a storage that asks for a login does not receive it`() async throws {
        try await StubServer.serving { _, _ in
            .reply(401, ["WWW-Authenticate": "Basic realm=\"x\""])
        } _: { storage in
            try await StubServer.serving { request, _ in
                request.headers["authorization"] == nil
                    ? .reply(401, ["WWW-Authenticate": "Bearer realm=\"/token\""])
                    : request.target.hasPrefix("/token")
                        ? .reply(200, [:], Array(#"{"token":"t"}"#.utf8))
                        : .reply(307, ["Location": "http://127.0.0.1:\(storage.port)/blob"])
            } _: { server in
                try await ConnectionFixture.connected(to: server.port, login: Self.login) { connection, _ in
                    let error = try await refusal { try await connection.text(.get("/v2/a/blobs/x")) }
                    #expect(error.code == .denied)
                    #expect(storage.requests.map { $0.headers["authorization"] } == [nil])
                }
            }
        }
    }

    @Test func `a request that was redirected away comes back without authorization`() async throws {
        let home = Atomic(0)
        try await StubServer.serving { _, _ in
            .reply(307, ["Location": "http://127.0.0.1:\(home.load(ordering: .relaxed))/back"])
        } _: { other in
            try await StubServer.serving { request, _ in
                if request.target == "/back" { return .reply(200) }
                return request.headers["authorization"] == nil
                    ? .reply(401, ["WWW-Authenticate": "Basic"])
                    : .reply(307, ["Location": "http://127.0.0.1:\(other.port)/"])
            } _: { server in
                home.store(server.port, ordering: .relaxed)
                try await ConnectionFixture.connected(to: server.port, login: Self.login) { connection, _ in
                    _ = try await connection.text(.get("/v2/a"))
                    #expect(server.requests.last?.target == "/back")
                    #expect(server.requests.last?.headers["authorization"] == nil)
                }
            }
        }
    }
}
