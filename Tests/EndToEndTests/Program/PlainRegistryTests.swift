import Foundation
import TestSupport
import Testing

extension ProgramTests {
    /// Base images in a registry without TLS that is not on loopback.
    @Suite struct PlainRegistryTests {
        @Test func `lock and build read a base without TLS where they are told to, and nowhere else`() async throws {
            try await CommandLineFixture.scoped { fixture in
                _ = try WindowsBases(writingTo: fixture.folder.appending(path: "bases"))
                try await ServedRegistry.serving(.embedded, fixture) { registry in
                    _ = try await fixture.succeed("copy", "oci:bases", "\(registry.address)/bases", "--all-tags")
                    try await ConnectProxy.serving(fixture) { proxy in
                        let host = "registry.test:\(registry.port)"
                        try fixture.write(
                            """
                            schema: 1
                            name: plain
                            platforms: [windows/amd64:ltsc2022]
                            windows: {base: \(host)/bases}
                            files: [{path: /tool/readme, text: hello}]

                            """, to: "images/plain/image.yaml")
                        var setting = fixture.setting
                        setting.environment["HTTP_PROXY"] = proxy.address
                        setting.environment["HTTPS_PROXY"] = proxy.address
                        let refused = try await fixture.run("lock", "plain", in: setting)
                        #expect(refused.status == 1)
                        #expect(refused.errors.contains(host), "\(refused.errors)")

                        let locked = try await fixture.run("lock", "plain", "--plain-http", host, in: setting)
                        #expect(locked.status == 0, "\(locked.errors)")
                        try FileManager.default.removeItem(at: fixture.store)
                        #expect(try await fixture.run("build", "plain", "--all", "--locked", in: setting).status == 1)
                        let built = try await fixture.run(
                            "build", "plain", "--all", "--locked", "--plain-http", host, in: setting)
                        #expect(built.status == 0, "\(built.errors)")
                        #expect(proxy.connections.allSatisfy { $0 == host })
                    }
                }
            }
        }
    }
}
