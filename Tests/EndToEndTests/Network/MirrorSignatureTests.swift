import Foundation
import OCIModel
import RegistryTesting
import TestSupport
import Testing

extension NetworkTests {
    /// Mirrors of images that cosign signed before, with the source gone. Needs the Debian archive's cosign 2.5 and 3.1.
    @Suite struct MirrorSignatureTests {
        private static let repositories = [(Peer.olderCosign, "signed/by-tag"), (.cosign, "signed/by-referrer")]

        @Test func `cosign verifies on the mirror what was signed at the source, and nothing else`() async throws {
            try await CommandLineFixture.scoped { fixture in
                var setting = fixture.setting.cutOff()
                setting.environment["COSIGN_PASSWORD"] = ""
                try await cosign(.olderCosign, ["generate-key-pair"], setting)
                try await TestRegistry.run { target in
                    var digests: [String: Digest] = [:]
                    try await TestRegistry.run { source in
                        for (program, repository) in Self.repositories {
                            digests[repository] = try await sign(repository, at: source, program, setting)
                        }
                        digests["unsigned"] = try await RegistryClient(source).pushIndex(
                            "v1", to: "unsigned", layers: ["nobody's"]
                        ).index
                        try await mirror(fixture, source, target)
                    }
                    func verify(_ program: Peer, _ repository: String) async throws -> Bool {
                        let image = "\(target.host)/m/\(repository)@\(try #require(digests[repository]))"
                        let command = [
                            "verify", "--key", "cosign.pub", "--insecure-ignore-tlog", "--allow-http-registry", image,
                        ]
                        return try await Program.run([program.path] + command, in: setting).status == 0
                    }
                    #expect(try await verify(.olderCosign, "signed/by-tag"))
                    #expect(try await verify(.cosign, "signed/by-tag"))
                    #expect(try await verify(.cosign, "signed/by-referrer"))
                    #expect(try await !verify(.cosign, "unsigned"))
                }
            }
        }

        private func sign(
            _ repository: String, at source: TestRegistry, _ program: Peer, _ setting: Setting
        ) async throws -> Digest {
            let digest = try await RegistryClient(source).pushIndex("v1", to: repository, layers: [repository]).index
            let options = ["--key", "cosign.key", "--tlog-upload=false", "--allow-http-registry", "--yes"]
            try await cosign(
                program,
                ["sign"] + options + (program == .cosign ? ["--use-signing-config=false"] : [])
                    + ["\(source.host)/\(repository)@\(digest)"], setting)
            return digest
        }

        private func mirror(
            _ fixture: CommandLineFixture, _ source: TestRegistry, _ target: TestRegistry
        ) async throws {
            let signed = Self.repositories.map { _, repository in
                "  - {from: \(source.host)/\(repository), tags: {list: [v1]}, require: [signature]}\n"
            }
            try fixture.write(
                "schema: 1\ndestinations: [\(target.host)/m]\nimages:\n" + signed.joined()
                    + "  - {from: \(source.host)/unsigned, tags: {list: [v1]}}\n", to: "mirror.yaml")
            let ended = try await fixture.run("mirror", "mirror.yaml")
            try #require(ended.status == 10, "\(ended.output)\(ended.errors)")
        }

        private func cosign(_ program: Peer, _ arguments: [String], _ setting: Setting) async throws {
            let ended = try await Program.run([program.path] + arguments, in: setting)
            try #require(ended.status == 0, "\(program) \(arguments.joined(separator: " ")): \(ended.errors)")
        }
    }
}
