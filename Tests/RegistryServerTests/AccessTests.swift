import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOSSL
import OCIModel
import RegistryServer
import RegistryTesting
import SystemPackage
import TestSupport
import Testing

@Suite struct AccessTests {
    private struct Token: Decodable {
        var token: String
        var expires_in: Int
    }

    private func basic(_ password: String) -> HTTPHeaders {
        ["Authorization": "Basic " + Base64.encode(Array("user:\(password)".utf8))]
    }

    private func token(_ client: RegistryClient, _ scope: String) async throws -> HTTPHeaders {
        let answer = try await client.send(.GET, "/token?service=registry&scope=\(scope)", basic(TestRegistry.password))
        let token = try CanonicalJSON.decode(Token.self, from: answer.body)
        #expect(token.expires_in == 300)
        return ["Authorization": "Bearer \(token.token)"]
    }

    @Test func `a registry with users requires a password for everything`() async throws {
        try await TestRegistry.run(access: .basic) { registry in
            var client = RegistryClient(registry)
            for headers in [[:], basic("wrong"), ["Authorization": "Basic !"], ["Authorization": "Bearer x"]] {
                let answer = try await client.send(.GET, "/v2/", headers)
                #expect(answer.status == 401 && answer.errors == ["UNAUTHORIZED"])
                #expect(answer["WWW-Authenticate"] == #"Basic realm="registry""#)
            }
            client.headers = basic(TestRegistry.password)
            #expect(try await client.send(.GET, "/v2/").status == 200)
            try await client.pushImage("1")
        }
    }

    @Test func `a token allows what was requested, where it was requested, until it expires`() async throws {
        try await TestRegistry.run(access: .bearer) { registry in
            var client = RegistryClient(registry)
            let first = try await client.send(.GET, "/v2/a/b/tags/list")
            let host = registry.host
            #expect(
                first["WWW-Authenticate"]
                    == #"Bearer realm="http://\#(host)/token",service="registry",scope="repository:a/b:pull""#)
            client.headers = try await token(client, "repository%3Aa%2Fb%3Apull%2Cpush")
            try await client.pushImage("1")
            #expect(try await client.send(.GET, "/v2/a/b/tags/list").status == 200)
            let elsewhere = try await client.send(.POST, "/v2/c/blobs/uploads/")
            #expect(elsewhere.status == 401)
            #expect(
                elsewhere["WWW-Authenticate"]?.contains(#"scope="repository:c:pull,push",error="insufficient_scope""#)
                    == true)
            #expect(try await client.send(.DELETE, "/v2/a/b/manifests/1").status == 401)
            registry.clock.advance(by: 301)
            let late = try await client.send(.GET, "/v2/a/b/tags/list")
            #expect(late.status == 401 && late["WWW-Authenticate"]?.contains(#"error="invalid_token""#) == true)
        }
    }

    @Test func `tokens are issued only for passwords, which may be in a form`() async throws {
        try await TestRegistry.run(access: .bearer) { registry in
            let client = RegistryClient(registry)
            #expect(try await client.send(.GET, "/token?scope=repository:a:pull").status == 401)
            #expect(try await client.send(.GET, "/token", basic("wrong")).status == 401)
            let form =
                "grant_type=password&username=user&password=secret&service=x&scope=repository:a:pull+repository:b:pull"
            let answer = try await client.send(.POST, "/token", body: Array(form.utf8))
            let token = try CanonicalJSON.decode(Token.self, from: answer.body)
            for name in ["a", "b"] {
                let path = "/v2/\(name)/tags/list"
                #expect(try await client.send(.GET, path, ["Authorization": "Bearer \(token.token)"]).status == 404)
            }
            #expect(try await client.send(.POST, "/token", body: Array("grant_type=password".utf8)).status == 401)
            #expect(try await client.send(.POST, "/token", body: Array("grant_type=refresh_token".utf8)).status == 400)
            var forged = Array(token.token.utf8)
            forged[0] ^= 1
            let header = ["Authorization": "Bearer \(String(decoding: forged, as: UTF8.self))"] as HTTPHeaders
            #expect(try await client.send(.GET, "/v2/a/tags/list", header).status == 401)
        }
    }

    @Test func `a mount requires permission to read its source; otherwise an upload begins`() async throws {
        try await TestRegistry.run(access: .bearer) { registry in
            let client = RegistryClient(registry)
            let blob = noise(100)
            var pusher = client
            pusher.headers = try await token(client, "repository:source:pull,push")
            let digest = try await pusher.push(blob, to: "source")
            let path = "/v2/target/blobs/uploads/?mount=\(digest)&from=source"
            let challenge = try await client.send(.POST, path)["WWW-Authenticate"]
            #expect(challenge?.hasSuffix(#"scope="repository:target:pull,push repository:source:pull""#) == true)
            let one = try await token(client, "repository:target:pull,push")
            #expect(try await client.send(.POST, path, one).status == 202)
            let both = try await token(client, "repository:target:pull,push&scope=repository:source:pull")
            #expect(try await client.send(.POST, path, both).status == 201)
        }
    }

    @Test func `a mount from wherever it may be needs permission to read there`() async throws {
        try await TestRegistry.run(access: .bearer) { registry in
            let client = RegistryClient(registry)
            var pusher = client
            pusher.headers = try await token(client, "repository:source:pull,push")
            let digest = try await pusher.push(noise(100), to: "source")
            let path = "/v2/target/blobs/uploads/?mount=\(digest)"
            let one = try await token(client, "repository:target:pull,push")
            #expect(try await client.send(.POST, path, one).status == 202)
            let both = try await token(client, "repository:target:pull,push&scope=repository:source:pull")
            #expect(try await client.send(.POST, path, both).status == 201)
        }
    }

    @Test func `only so many passwords are checked at once, and one that was right before needs no check`() async throws
    {
        try await TestRegistry.run(access: .basic) { registry in
            let client = RegistryClient(registry)
            #expect(try await client.send(.GET, "/v2/", basic(TestRegistry.password)).status == 200)
            let statuses = try await withThrowingTaskGroup(of: UInt.self) { group in
                for number in 0..<60 {
                    let wrong = basic("wrong \(number)")
                    group.addTask { try await client.send(.GET, "/v2/", wrong).status }
                }
                group.addTask { try await client.send(.GET, "/v2/", self.basic(TestRegistry.password)).status }
                return try await group.reduce(into: [UInt: Int]()) { $0[$1, default: 0] += 1 }
            }
            #expect(statuses[200] == 1)
            #expect((statuses[401] ?? 0) + (statuses[429] ?? 0) == 60, "\(statuses)")
        }
    }

    @Test func `a read-only registry refuses every change`() async throws {
        try await TestRegistry.run(configure: { $0.isReadOnly = true }) { registry in
            let client = RegistryClient(registry)
            #expect(try await client.send(.GET, "/v2/").status == 200)
            let changes: [(HTTPMethod, String)] = [
                (.POST, "/v2/a/blobs/uploads/"), (.PUT, "/v2/a/manifests/1"), (.DELETE, "/v2/a/manifests/1"),
            ]
            for (method, path) in changes {
                let answer = try await client.send(method, path)
                #expect(answer.status == 405 && answer.errors == ["UNSUPPORTED"])
            }
        }
    }

    @Test func `TLS uses the given certificate`() async throws {
        try await TestRegistry.run(isTLS: true) { registry in
            var configuration = HTTPClient.Configuration()
            configuration.tlsConfiguration = .makeClientConfiguration()
            configuration.tlsConfiguration?.trustRoots = .file(registry.folder.appending("ca.crt").string)
            let trusting = HTTPClient(configuration: configuration)
            var client = RegistryClient(registry)
            client.client = trusting
            let answer = try? await client.send(.GET, "/v2/")
            try await trusting.shutdown()
            #expect(answer?.status == 200)
            await #expect(throws: (any Error).self) {
                try await RegistryClient(registry).send(.GET, "/v2/", timeout: .seconds(1))
            }
        }
    }

    @Test(arguments: ["user:plain", "user", "user:{SHA}x", ":$2y$x", "user:$apr1$ab$cdef", "user:$2y$05$abc"])
    func `the error for an invalid password file names the line`(line: String) throws {
        let error = #expect(throws: RegistryServerError.self) { try PasswordFile(parsing: "# users\n\n\(line)\n") }
        #expect(error?.message.contains("line 3") == true)
    }

    @Test func `a password file without a user, or with a byte order mark, is refused; lines may end as on Windows`()
        throws
    {
        let line = "user:$2y$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW"
        for text in ["", "# nobody\n", "\u{feff}\(line)\n"] {
            #expect(throws: RegistryServerError.self) { try PasswordFile(parsing: text) }
        }
        #expect(throws: Never.self) { try PasswordFile(parsing: "# users\r\n\(line)\r\n") }
    }

    @Test func `the error for a port in use names it`() async throws {
        try await TestRegistry.run { registry in
            let configuration = RegistryConfiguration(port: registry.registry.port, now: { 0 }, random: { 0 })
            let error = await #expect(throws: RegistryServerError.self) {
                try await RegistryServer.start(registry.storage, configuration)
            }
            #expect(error?.code == .cannotStart && error?.message.contains(registry.host) == true)
        }
    }
}
