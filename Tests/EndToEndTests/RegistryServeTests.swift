import Foundation
import NIOHTTP1
import OCIModel
import RegistryServer
import RegistryTesting
import SystemPackage
import Testing

/// `imagebuild registry serve`, as a user starts and ends it.
extension EndToEnd {
    @Suite struct RegistryServeTests {
        /// Starts a registry and gives its address.
        private func serve(_ fixture: CommandLineFixture, _ arguments: String...) async throws -> (Program, String) {
            let program = try fixture.start(["registry", "serve", "--port", "0"] + arguments, in: nil)
            for _ in 0..<3000 {
                if let end = program.outputSoFar.firstIndex(of: "\n") {
                    return (program, String(program.outputSoFar[..<end]))
                }
                try await Task.sleep(for: .milliseconds(10))
            }
            throw RegistryClient.Unexpected(what: "no address: \(program.errorsSoFar)")
        }

        @Test func `a registry says where it is, serves, and ends when it is told to`() async throws {
            try await CommandLineFixture.scoped { fixture in
                let (program, address) = try await serve(fixture, "--root", "registry")
                #expect(address.hasPrefix("http://127.0.0.1:"))
                try await RegistryClient(address).pushImage("1")
                program.signal(SIGTERM)
                let ended = try await program.ended()
                #expect(ended.status == 0 && ended.errors.isEmpty, "\(ended)")
                let (again, newAddress) = try await serve(fixture, "--root", "registry", "--read-only")
                let client = RegistryClient(newAddress)
                #expect(try await client.send(.GET, "/v2/a/b/tags/list").text == #"{"name":"a/b","tags":["1"]}"#)
                #expect(try await client.send(.POST, "/v2/a/b/blobs/uploads/").status == 405)
                again.signal(SIGINT)
                #expect(try await again.ended().status == 0)
            }
        }

        @Test func `an address of IPv6 is said as URLs have it, and one that is taken in the system's words`()
            async throws
        {
            try await CommandLineFixture.scoped { fixture in
                let (program, address) = try await serve(fixture, "--root", "registry", "--address", "::1")
                #expect(address.hasPrefix("http://[::1]:"), "\(address)")
                try await RegistryClient(address).pushImage("1")
                let port = String(address.split(separator: ":").last ?? "")
                let taken = try await fixture.run("registry", "serve", "--address", "::1", "--port", port)
                #expect(taken.status == 1)
                #expect(taken.errors.contains("listen on [::1]:\(port): Address already in use\n"), "\(taken.errors)")
                program.signal(SIGTERM)
                _ = try await program.ended()
            }
        }

        @Test func `users and TLS come from files; what is wrong with them is said`() async throws {
            try await CommandLineFixture.scoped { fixture in
                try TestCertificate.write(to: .init(fixture.folder.path))
                try fixture.write("user:$2y$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW\n", to: "users")
                let (program, address) = try await serve(
                    fixture, "--root", "r", "--users", "users", "--token", "--tls-certificate", "tls.crt", "--tls-key",
                    "tls.key")
                #expect(address.hasPrefix("https://"))
                let challenge = try await fixture.tool("curl", "-s", "--cacert", "ca.crt", "-i", "\(address)/v2/")
                #expect(challenge.contains("401") && challenge.contains("Bearer realm=\"\(address)/token\""))
                let token = try await fixture.tool(
                    "curl", "-s", "--cacert", "ca.crt", "-u", "user:secret", "\(address)/token?service=registry")
                #expect(token.contains("access_token"))
                program.signal(SIGTERM)
                #expect(try await program.ended().status == 0)
                let noFile = try await fixture.run("registry", "serve", "--users", "none", "--root", "r")
                #expect(noFile.status == 1 && noFile.errors.contains("no file of users"))
                let noKey = try await fixture.run(
                    "registry", "serve", "--root", "r", "--tls-certificate", "tls.crt", "--tls-key", "users")
                #expect(noKey.status == 1 && noKey.errors.contains("cannot read the key"))
                #expect(try await fixture.run("registry", "serve", "--tls-key", "x").status == 64)
            }
        }

        @Test func `killed at any moment, what it acknowledged can be pulled, and every tag whole`() async throws {
            try await CommandLineFixture.scoped { fixture in
                var acknowledged: [String: Digest] = [:]
                for trial in 0..<12 {
                    let (program, address) = try await serve(fixture, "--root", "registry")
                    let client = RegistryClient(address)
                    try await check(client, acknowledged)
                    let pushed = try await withThrowingTaskGroup(of: [String: Digest].self) { group in
                        for writer in 0..<3 {
                            group.addTask {
                                var done: [String: Digest] = [:]
                                for number in 0..<1000 {
                                    let tag = "\(trial)-\(writer)-\(number)"
                                    guard let digest = try? await client.pushImage(tag) else { break }
                                    done[tag] = digest
                                }
                                return done
                            }
                        }
                        group.addTask {
                            try await Task.sleep(for: .milliseconds(10 + trial * 17))
                            program.signal(SIGKILL)
                            return [:]
                        }
                        return try await group.reduce(into: [:]) { $0.merge($1) { one, _ in one } }
                    }
                    #expect(try await program.ended().status == 128 + SIGKILL)
                    acknowledged.merge(pushed) { one, _ in one }
                }
                #expect(!acknowledged.isEmpty)
                let (program, address) = try await serve(fixture, "--root", "registry")
                try await check(RegistryClient(address), acknowledged)
                program.signal(SIGTERM)
                #expect(try await program.ended().status == 0)
            }
        }

        /// Every tag can be pulled with all that its manifest names, and none that was acknowledged is missing.
        private func check(_ client: RegistryClient, _ acknowledged: [String: Digest]) async throws {
            struct Tags: Decodable { var tags: [String] }
            struct Manifest: Decodable {
                struct Link: Decodable { var digest: String }
                var config: Link
                var layers: [Link]
            }
            let answer = try await client.send(.GET, "/v2/a/b/tags/list")
            let tags = (try? JSONDecoder().decode(Tags.self, from: Data(answer.body)))?.tags ?? []
            for tag in Set(tags).union(acknowledged.keys) {
                let answer = try await client.send(.GET, "/v2/a/b/manifests/\(tag)")
                #expect(answer.status == 200, "\(tag)")
                if let digest = acknowledged[tag] { #expect(Digest(of: answer.body) == digest, "\(tag)") }
                let manifest = try JSONDecoder().decode(Manifest.self, from: Data(answer.body))
                for link in manifest.layers + [manifest.config] {
                    let blob = try await client.send(.GET, "/v2/a/b/blobs/\(link.digest)")
                    #expect(Digest(of: blob.body).description == link.digest, "\(tag)")
                }
            }
        }
    }
}
