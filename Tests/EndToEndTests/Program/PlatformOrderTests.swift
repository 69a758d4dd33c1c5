import Foundation
import OCIModel
import TestSupport
import Testing

extension ProgramTests {
    /// Builds of single platforms, one after the other, into the same layout.
    @Suite struct PlatformOrderTests {
        private func prepared(_ body: (CommandLineFixture) async throws -> Void) async throws {
            try await CommandLineFixture.scoped { fixture in
                let tiny = try await TinyImage(fixture)
                try tiny.fillStore()
                try await fixture.letFilesAge()
                try await body(fixture)
            }
        }

        private func root(_ fixture: CommandLineFixture, _ layout: String = ".imagebuild/oci/tiny") throws -> String {
            let bytes = Array(try fixture.text("\(layout)/index.json").utf8)
            let index = try CanonicalJSON.decode(Index.self, from: bytes)
            return try #require(index.manifests.first.map { "\($0.digest)" })
        }

        @Test(arguments: [
            [["--all"], ["--arch", "amd64"]], [["--all"], ["--arch", "ppc64le"]],
            [["--arch", "ppc64le"], ["--arch", "amd64"]], [["--arch", "amd64"], ["--arch", "ppc64le"]],
        ])
        func `whatever the order, the tag has all platforms of one build`(_ steps: [[String]]) async throws {
            try await prepared { fixture in
                for step in steps {
                    let ended = try await fixture.start(["build", "tiny", "--offline"] + step, in: nil).ended()
                    #expect(ended.status == 0 && !ended.errors.contains("no longer has"), "\(ended.errors)")
                    // What is printed is what the tag stands for, with the platforms that were there.
                    #expect(try root(fixture) == ended.line)
                }
                let whole = try await fixture.succeed("build", "tiny", "--offline", "--all", "--output", "oci:whole")
                #expect(try root(fixture) == whole)
                let copied = try await fixture.succeed("copy", "oci:.imagebuild/oci/tiny", "oci:copied")
                #expect(copied == whole)
            }
        }

        @Test func `a layout that was copied, as a cache does, keeps its platforms`() async throws {
            try await prepared { fixture in
                _ = try await fixture.succeed("build", "tiny", "--offline", "--arch", "amd64")
                try await fixture.tool("sh", "-c", "cp -r .imagebuild x && rm -r .imagebuild && mv x .imagebuild")
                let ended = try await fixture.run("build", "tiny", "--offline", "--arch", "ppc64le")
                #expect(ended.status == 0, "\(ended.errors)")
                let whole = try await fixture.succeed("build", "tiny", "--offline", "--all", "--output", "oci:whole")
                #expect(try root(fixture) == whole)
                #expect(try await fixture.succeed("copy", "oci:.imagebuild/oci/tiny", "oci:copied") == whole)
            }
        }

        @Test func `platforms of another build are replaced, and the loss is said`() async throws {
            try await prepared { fixture in
                _ = try await fixture.succeed("build", "tiny", "--offline", "--all")
                try fixture.write("changed\n", to: "images/tiny/hello.txt")
                try await fixture.letFilesAge()
                let ended = try await fixture.run("build", "tiny", "--offline", "--arch", "amd64")
                #expect(ended.status == 0)
                #expect(
                    ended.errors.contains("no longer has linux/ppc64le: that was of another build"), "\(ended.errors)")
                #expect(try root(fixture) == ended.line)
            }
        }

        @Test func `a platform that is built again replaces its own image alone`() async throws {
            try await prepared { fixture in
                _ = try await fixture.succeed("build", "tiny", "--offline", "--arch", "amd64")
                try fixture.write("changed\n", to: "images/tiny/hello.txt")
                let ended = try await fixture.run("build", "tiny", "--offline", "--arch", "amd64")
                #expect(ended.status == 0 && !ended.errors.contains("no longer has"), "\(ended.errors)")
                #expect(try root(fixture) == ended.line)
            }
        }

        @Test func `two builds at once lose nothing`() async throws {
            try await prepared { fixture in
                let programs = try ["amd64", "ppc64le"].map {
                    try fixture.start("build", "tiny", "--offline", "--arch", $0)
                }
                for program in programs { #expect(try await program.ended().status == 0) }
                let whole = try await fixture.succeed("build", "tiny", "--offline", "--all", "--output", "oci:whole")
                #expect(try root(fixture) == whole)
            }
        }
    }
}
