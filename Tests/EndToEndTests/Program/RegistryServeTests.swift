import Foundation
import NIOHTTP1
import OCIModel
import RegistryServer
import RegistryTesting
import SystemPackage
import TestSupport
import Testing

/// `imagebuild registry serve`, as a user starts and ends it.
extension ProgramTests {
    @Suite struct RegistryServeTests {
        @Test func `a registry says where it is, serves, and ends when it is told to`() async throws {
            try await CommandLineFixture.scoped { fixture in
                let (program, address) = try await fixture.serve("--root", "registry")
                let second = try await fixture.run("registry", "serve", "--root", "registry", "--port", "0")
                #expect(second.status == 1)
                #expect(second.errors.contains("is at work there"), "\(second.errors)")
                #expect(address.hasPrefix("http://127.0.0.1:"))
                try await RegistryClient(address).pushImage("1")
                program.signal(SIGTERM)
                let ended = try await program.ended()
                #expect(ended.status == 0 && ended.errors.isEmpty, "\(ended)")
                let (again, newAddress) = try await fixture.serve("--root", "registry", "--read-only")
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
                let (program, address) = try await fixture.serve("--root", "registry", "--address", "::1")
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

        @Test func `a registry that anybody reaches says so, and logs what they ask for`() async throws {
            try await CommandLineFixture.scoped { fixture in
                let (program, address) = try await fixture.serve(
                    "--root", "registry", "--address", "0.0.0.0", "--access-log", "log")
                let client = RegistryClient(address)
                #expect(try await client.send(.GET, "/v2/").status == 200)
                program.signal(SIGTERM)
                let ended = try await program.ended()
                #expect(ended.errors.hasPrefix("warning: anybody who reaches 0.0.0.0 may pull and push"), "\(ended)")
                let log = try String(contentsOf: fixture.folder.appending(path: "log"), encoding: .utf8)
                #expect(log.contains("\"GET /v2/ HTTP/1.1\" 200 "), "\(log)")
            }
        }

        @Test func `the store's garbage is not collected while a registry serves it, which is said`() async throws {
            try await CommandLineFixture.scoped { fixture in
                let (program, _) = try await fixture.serve("--store", "store")
                let refused = try await fixture.run("store", "gc", "--store", "store")
                #expect(refused.status == 1)
                #expect(
                    refused.errors.contains("imagebuild registry serve (process \(program.process))"),
                    "\(refused.errors)")
                program.signal(SIGTERM)
                #expect(try await program.ended().status == 0)
                #expect(try await fixture.run("store", "gc", "--store", "store").status == 0)
            }
        }

        @Test func `users and TLS come from files; what is wrong with them is said`() async throws {
            try await CommandLineFixture.scoped { fixture in
                try TestCertificate.write(to: .init(fixture.folder.path))
                try fixture.write("user:$2y$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW\n", to: "users")
                let (program, address) = try await fixture.serve(
                    "--root", "r", "--users", "users", "--token", "--tls-certificate", "tls.crt", "--tls-key",
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
    }
}
