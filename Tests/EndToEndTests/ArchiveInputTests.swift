import Foundation
import OCIModel
import Testing

extension EndToEnd {
    /// What a release archive that is not what the definition says does to a build: nothing.
    @Suite struct ArchiveInputTests {
        private func definition(_ url: String, _ sum: String, member: String) -> String {
            """
            schema: 1
            name: released
            platforms: [linux/amd64, linux/arm64]
            files:
              - path: /usr/share/tool
                archive: {urls: ["\(url)"], sha256: \(sum)}
                member: \(member)

            """
        }

        @Test
        func `an archive without the wanted member, or with other bytes, stops the build and leaves all as it was`()
            async throws
        {
            try await CommandLineFixture.scoped { fixture in
                try fixture.write("hello\n", to: "tool-1/share/tool")
                try FileManager.default.createDirectory(
                    at: fixture.folder.appending(path: "mirror"), withIntermediateDirectories: true)
                try await fixture.tool("tar", "czf", "mirror/tool.tar.gz", "tool-1")
                let archive = fixture.folder.appending(path: "mirror/tool.tar.gz")
                let sum = Digest(of: try Data(contentsOf: archive)).hex
                try await Mirror.serving(fixture.folder.appending(path: "mirror"), fixture) { mirror in
                    let url = mirror.url.replacingOccurrences(of: "/debian", with: "/tool.tar.gz")
                    let setting = mirror.setting(fixture)
                    func build(_ sum: String, member: String) async throws -> Ended {
                        try fixture.write(definition(url, sum, member: member), to: "images/released/image.yaml")
                        return try await fixture.run("build", "released", "--all", in: setting)
                    }
                    let missing = try await build(sum, member: "tool-1/bin/tool")
                    #expect(missing.status == 2)
                    #expect(missing.output == "")
                    #expect(missing.errors.contains("tool.tar.gz has no member 'tool-1/bin/tool'"), "\(missing.errors)")
                    #expect(
                        missing.errors.contains("tool-1/share/tool"), "the hint says what it has: \(missing.errors)")
                    #expect(!FileManager.default.fileExists(atPath: fixture.layout("released").path))
                    let wrong = try await build(String(repeating: "0", count: 64), member: "tool-1/share/tool")
                    #expect(wrong.status != 0)
                    #expect(wrong.errors.contains("is not the released archive"), "\(wrong.errors)")
                    #expect(!FileManager.default.fileExists(atPath: fixture.layout("released").path))
                    let right = try await build(sum, member: "tool-1/share/tool")
                    #expect(right.status == 0, "\(right.errors)")
                    _ = try await fixture.succeed("store", "verify")
                    try await fixture.expectWhole("released")
                    // What is there already stays as it is.
                    let again = try await build(sum, member: "tool-1/bin/tool")
                    #expect(again.status == 2)
                    let tagged = try await fixture.succeed("inspect", "released")
                    #expect(tagged.contains(right.line), "\(tagged)")
                }
            }
        }
    }
}
