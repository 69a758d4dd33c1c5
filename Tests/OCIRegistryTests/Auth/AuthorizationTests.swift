import NIOCore
import OCIRegistry
import StubHTTP
import Synchronization
import Testing

@Suite struct AuthorizationTests {
    private static let pull = AccessScope("a/b", .pull)
    private static let login = RegistryLogin(user: "u", password: "p:w")

    /// Runs a registry with a token service beside it that numbers its tokens; the registry accepts those in `isGood`.
    private static func serving<Result: Sendable>(
        service: String? = "reg", life: Int = 300, isGood: @escaping @Sendable (String) -> Bool = { _ in true },
        token: @escaping @Sendable (StubServer.Received, Int) -> [StubServer.Step]? = { _, _ in nil },
        _ body: @Sendable (StubServer) async throws -> Result
    ) async throws -> Result {
        let count = Atomic(0)
        return try await StubServer.serving { request, index in
            if request.target.hasPrefix("/token") {
                let number = count.add(1, ordering: .relaxed).newValue
                if let steps = token(request, number) { return steps }
                return .reply(200, [:], Array(#"{"token":"t\#(number)","expires_in":\#(life)}"#.utf8))
            }
            let bearer = request.headers["authorization"].map { String($0.dropFirst("Bearer ".count)) }
            if let bearer, isGood(bearer) { return .reply(200, [:], Array(bearer.utf8)) }
            let name = service.map { #",service="\#($0)""# } ?? ""
            return .reply(401, ["WWW-Authenticate": #"Bearer realm="/token"\#(name),scope="repository:a/b:pull""#])
        } _: { server in
            try await body(server)
        }
    }

    private static func tokenRequests(_ server: StubServer) -> [StubServer.Received] {
        server.requests.filter { $0.target.hasPrefix("/token") }
    }

    @Test func `a token is requested once and used for everything that it was requested for`() async throws {
        try await Self.serving { server in
            try await ConnectionFixture.connected(to: server.port) { connection, _ in
                for _ in 0..<3 { try await connection.expect(.get("/v2/a", scopes: [Self.pull]), "t1") }
                let asked = Self.tokenRequests(server)
                #expect(
                    asked.map(\.target) == ["/token?service=reg&scope=repository%3Aa%2Fb%3Apull&client_id=imagebuild"])
                #expect(asked.first?.headers["authorization"] == nil)
                #expect(server.requests.count == 5)
                let push = [AccessScope("a/b", .pull, .push), AccessScope("c", .pull)]
                try await connection.expect(.get("/v2/a", scopes: push), "t2")
                #expect(
                    Self.tokenRequests(server).last?.target
                        == "/token?service=reg&scope=repository%3Aa%2Fb%3Apull%2Cpush&scope=repository%3Ac%3Apull&client_id=imagebuild"
                )
            }
        }
    }

    @Test func `a login is sent with the token request to its own realm`() async throws {
        try await Self.serving(service: nil) { server in
            try await ConnectionFixture.connected(to: server.port, login: Self.login) { connection, _ in
                _ = try await connection.text(.get("/v2/a", scopes: [Self.pull]))
                let asked = try #require(Self.tokenRequests(server).first)
                #expect(asked.headers["authorization"] == "Basic dTpwOnc=")
                #expect(asked.target == "/token?scope=repository%3Aa%2Fb%3Apull&client_id=imagebuild&account=u")
            }
        }
    }

    @Test func `simultaneous requests wait for one token`() async throws {
        try await Self.serving(token: { _, number in
            [.pause(.milliseconds(100))] + .reply(200, [:], Array(#"{"token":"t\#(number)"}"#.utf8))
        }) { server in
            try await ConnectionFixture.connected(to: server.port) { connection, _ in
                try await withThrowingTaskGroup(of: String.self) { group in
                    for _ in 0..<8 { group.addTask { try await connection.text(.get("/v2/a", scopes: [Self.pull])) } }
                    for try await text in group { #expect(text == "t1") }
                }
                #expect(Self.tokenRequests(server).count == 1)
            }
        }
    }

    @Test func `simultaneous requests share one refusal`() async throws {
        try await Self.serving(token: { _, _ in [.pause(.milliseconds(100))] + .reply(401) }) { server in
            try await ConnectionFixture.connected(to: server.port, login: Self.login) { connection, _ in
                await withTaskGroup(of: Void.self) { group in
                    for _ in 0..<8 {
                        group.addTask {
                            let error = try? await refusal {
                                try await connection.text(.get("/v2/a", scopes: [Self.pull]))
                            }
                            #expect(error?.code == .denied)
                            #expect(error?.message.contains("p:w") == false)
                        }
                    }
                }
                // One for the requests that came together; later ones may ask again.
                #expect(Self.tokenRequests(server).count < 8)
            }
        }
    }

    @Test func `row 29: a token that expires early is renewed once`() async throws {
        let dead = Mutex<Set<String>>([])
        try await Self.serving(isGood: { token in dead.withLock { !$0.contains(token) } }) { server in
            try await ConnectionFixture.connected(to: server.port) { connection, _ in
                try await connection.expect(.get("/v2/a", scopes: [Self.pull]), "t1")
                dead.withLock { _ = $0.insert("t1") }
                try await connection.expect(.get("/v2/a", scopes: [Self.pull]), "t2")
                dead.withLock { $0 = ["t2", "t3"] }
                let error = try await refusal { try await connection.text(.get("/v2/a", scopes: [Self.pull])) }
                #expect(error.code == .denied)
                #expect(error.status == 401)
                #expect(Self.tokenRequests(server).count == 3)
            }
        }
    }

    @Test func `a token is renewed before it expires`() async throws {
        try await Self.serving(life: 300) { server in
            try await ConnectionFixture.connected(to: server.port) { connection, fixture in
                try await connection.expect(.get("/v2/a", scopes: [Self.pull]), "t1")
                fixture.skip(.seconds(200))
                try await connection.expect(.get("/v2/a", scopes: [Self.pull]), "t1")
                fixture.skip(.seconds(75))
                try await connection.expect(.get("/v2/a", scopes: [Self.pull]), "t2")
            }
        }
    }

    @Test func `row 29: an upload's expired token is renewed, and the body is sent again`() async throws {
        try await Self.serving(isGood: { $0 != "t1" }) { server in
            try await ConnectionFixture.connected(to: server.port) { connection, _ in
                var request = RegistryRequest.put("/v2/a", Array(repeating: 3, count: 300_000), accepted: [200])
                request.scopes = [AccessScope("a/b", .pull, .push)]
                // The first time nothing is known; the second time t1 is in the cache but expired.
                _ = try? await connection.status(request)
                try await connection.expect(request, 200)
                #expect(server.requests.last?.body.count == 300_000)
            }
        }
    }

    @Test(arguments: [500, 429])
    func `row 30: a failing token service is asked again`(status: Int) async throws {
        try await Self.serving(token: { _, number in
            number < 3 ? .reply(status, ["Retry-After": "2"]) : nil
        }) { server in
            try await ConnectionFixture.connected(to: server.port) { connection, fixture in
                try await connection.expect(.get("/v2/a", scopes: [Self.pull]), "t3")
                #expect(fixture.pauses.reduce(.zero, +) == .seconds(4))
            }
        }
    }

    @Test func `an identity token is exchanged with the OAuth2 form`() async throws {
        try await Self.serving { server in
            try await ConnectionFixture.connected(to: server.port, login: .identityToken("id&1", user: nil)) {
                connection, _ in
                try await connection.expect(.get("/v2/a", scopes: [Self.pull]), "t1")
                let asked = try #require(Self.tokenRequests(server).first)
                #expect(asked.method == "POST")
                #expect(asked.headers["content-type"] == "application/x-www-form-urlencoded")
                #expect(
                    String(decoding: asked.body, as: UTF8.self)
                        == "grant_type=refresh_token&client_id=imagebuild&access_type=offline&service=reg&scope=repository%3Aa%2Fb%3Apull&refresh_token=id%261"
                )
            }
        }
    }

    @Test(arguments: [400, 401, 404, 405])
    func `the other form is used if the OAuth2 form is unknown`(status: Int) async throws {
        try await Self.serving(token: { request, _ in request.method == "POST" ? .reply(status) : nil }) { server in
            try await ConnectionFixture.connected(to: server.port, login: .identityToken("id", user: "u")) {
                connection, _ in
                try await connection.expect(.get("/v2/a", scopes: [Self.pull]), "t2")
                #expect(Self.tokenRequests(server).map(\.method) == ["POST", "GET"])
                #expect(Self.tokenRequests(server).last?.headers["authorization"] == "Basic dTppZA==")
            }
        }
    }

    @Test func `a login that is already an access token is sent to the registry as it is, and nowhere else`()
        async throws
    {
        try await Self.serving(isGood: { $0 == "ready" }) { server in
            try await ConnectionFixture.connected(to: server.port, login: .accessToken("ready")) { connection, _ in
                for _ in 0..<2 { try await connection.expect(.get("/v2/a", scopes: [Self.pull]), "ready") }
            }
            try await ConnectionFixture.connected(to: server.port, login: .accessToken("dead")) { connection, _ in
                let error = try await refusal { try await connection.text(.get("/v2/a", scopes: [Self.pull])) }
                #expect(error.code == .denied)
            }
            #expect(Self.tokenRequests(server).isEmpty)
            #expect(server.requests.count == 5)
        }
    }

    @Test func `row 33: a refusal without a challenge asks the root for one`() async throws {
        try await StubServer.serving { request, _ in
            if request.headers["authorization"] != nil { return .reply(200) }
            return request.target == "/v2/" ? .reply(401, ["WWW-Authenticate": "Basic realm=x"]) : .reply(401)
        } _: { server in
            try await ConnectionFixture.connected(to: server.port, login: Self.login) { connection, _ in
                try await connection.expect(.get("/v2/a/tags/list"), 200)
                #expect(server.requests.map(\.target) == ["/v2/a/tags/list", "/v2/", "/v2/a/tags/list"])
            }
        }
    }

    @Test func `row 33: a missing scope is requested`() async throws {
        try await StubServer.serving { request, _ in
            if request.target.hasPrefix("/token") {
                let isWide = request.target.contains("delete")
                return .reply(200, [:], Array(#"{"token":"\#(isWide ? "wide" : "narrow")"}"#.utf8))
            }
            switch request.headers["authorization"] {
            case "Bearer wide": return .reply(200)
            case "Bearer narrow":
                return .reply(
                    403,
                    [
                        "WWW-Authenticate":
                            #"Bearer realm="/token",error="insufficient_scope",scope="repository:a:delete""#
                    ])
            default: return .reply(401, ["WWW-Authenticate": #"Bearer realm="/token""#])
            }
        } _: { server in
            try await ConnectionFixture.connected(to: server.port) { connection, _ in
                try await connection.expect(.get("/v2/a", scopes: [AccessScope("a", .pull)]), 200)
                #expect(server.requests.filter { $0.target.hasPrefix("/token") }.count == 2)
            }
        }
    }

    @Test func `row 33: a refusal that the request accepts is returned`() async throws {
        try await Self.serving(token: { _, _ in .reply(403) }) { server in
            try await ConnectionFixture.connected(to: server.port) { connection, _ in
                try await connection.expect(.get("/v2/a", accepted: [200, 401], scopes: [Self.pull]), 401)
            }
        }
    }

    @Test func `a wrong password is tried once`() async throws {
        try await StubServer.serving { _, _ in
            .reply(401, ["WWW-Authenticate": "Basic realm=x"])
        } _: { server in
            try await ConnectionFixture.connected(to: server.port, login: Self.login) { connection, _ in
                let error = try await refusal { try await connection.check() }
                #expect(error.code == .denied)
                #expect(error.hint?.contains("wrong or lacks permission; log in again with: imagebuild login") == true)
                #expect(server.requests.count == 2)
            }
            try await ConnectionFixture.connected(to: server.port) { connection, _ in
                let error = try await refusal { try await connection.check() }
                #expect(error.code == .denied)
                #expect(error.hint == "log in with: imagebuild login 127.0.0.1:\(server.port)")
            }
        }
    }

    @Test func `row 32: a login does not follow a realm to another host`() async throws {
        try await StubServer.serving { _, _ in
            .reply(200, [:], Array(#"{"token":"t"}"#.utf8))
        } _: { other in
            try await StubServer.serving { request, _ in
                request.headers["authorization"] == nil
                    ? .reply(401, ["WWW-Authenticate": "Bearer realm=\"http://localhost:\(other.port)/token\""])
                    : .reply(200)
            } _: { server in
                try await ConnectionFixture.connected(to: server.port, login: Self.login) { connection, _ in
                    let error = try await refusal { try await connection.check() }
                    #expect(error.code == .denied)
                    #expect(error.message.contains("does not belong to it"))
                    #expect(other.requests.isEmpty)
                }
                // Without a login there is nothing to lose.
                try await ConnectionFixture.connected(to: server.port) { connection, _ in
                    try await connection.check()
                    #expect(other.requests.count == 1)
                }
            }
        }
    }

    @Test func `a redirect does not forward a token in a body`() async throws {
        try await StubServer.serving { _, _ in
            .reply(200, [:], Array(#"{"token":"t"}"#.utf8))
        } _: { other in
            try await Self.serving(token: { _, _ in
                .reply(307, ["Location": "http://127.0.0.1:\(other.port)/"])
            }) { server in
                try await ConnectionFixture.connected(to: server.port, login: .identityToken("id", user: nil)) {
                    connection, _ in
                    _ = try await refusal { try await connection.text(.get("/v2/a", scopes: [Self.pull])) }
                    #expect(other.requests.isEmpty)
                }
            }
        }
    }

    @Test func `a redirect of the token service does not forward a password`() async throws {
        try await StubServer.serving { _, _ in
            .reply(200, [:], Array(#"{"token":"t"}"#.utf8))
        } _: { other in
            try await Self.serving(token: { _, _ in
                .reply(307, ["Location": "http://127.0.0.1:\(other.port)/"])
            }) { server in
                try await ConnectionFixture.connected(to: server.port, login: Self.login) { connection, _ in
                    try await connection.expect(.get("/v2/a", scopes: [Self.pull]), "t")
                    #expect(Self.tokenRequests(server).first?.headers["authorization"] == "Basic dTpwOnc=")
                    #expect(other.requests.map { $0.headers["authorization"] } == [nil])
                }
            }
        }
    }

    @Test func `row 33: a registry that always requires one more scope is asked four times`() async throws {
        try await StubServer.serving { request, index in
            if request.target.hasPrefix("/token") { return .reply(200, [:], Array(#"{"token":"t\#(index)"}"#.utf8)) }
            let scope = #"error="insufficient_scope",scope="repository:more\#(index):pull""#
            return .reply(401, ["WWW-Authenticate": #"Bearer realm="/token",\#(scope)"#])
        } _: { server in
            try await ConnectionFixture.connected(to: server.port) { connection, _ in
                let error = try await refusal { try await connection.text(.get("/v2/a", scopes: [Self.pull])) }
                #expect(error.code == .denied)
                #expect(server.requests.filter { !$0.target.hasPrefix("/token") }.count == 4)
            }
        }
    }

    @Test func `the size of a token answer is limited`() async throws {
        try await Self.serving(token: { _, _ in
            .reply(200, [:], Array(#"{"token":"t"\#(String(repeating: " ", count: 2 << 20))}"#.utf8))
        }) { server in
            try await ConnectionFixture.connected(to: server.port) { connection, _ in
                let error = try await refusal { try await connection.text(.get("/v2/a", scopes: [Self.pull])) }
                #expect(error.code == .protocolViolation)
            }
        }
    }
}
