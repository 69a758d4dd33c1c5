import Foundation
import OCIModel
import ReleaseTesting
import SystemPackage
import TestSupport
import Testing

extension ProgramTests {
    /// A program that is released by hand, step by step.
    @Suite struct ReleaseStepsTests {
        @Test func `a plan says what would go where, and writes nothing before it is told to`() async throws {
            try await CommandLineFixture.scoped { fixture in
                let tool = try await ToolRelease(fixture)
                let key = ["--tag-key", tool.source.keys.publicKey.string, "--go", tool.go.root]
                let shut = try await tool.run(tool.words("plan", key))
                #expect(shut.status == 2 && shut.errors.contains("does not pass 1 of 10 gates: tests"))
                #expect(shut.output.contains("tool-v1.0.1-linux-arm64.tar.gz  tool for linux/arm64, README.md"))
                #expect(shut.output.contains("To https://downloads.example.org/tool\n  v1.0.1, with"))
                #expect(shut.output.contains("failed  tests"))
                #expect(fixture.names(tool.folder) == [])
                let waived = try await tool.succeed(
                    tool.words("plan", key + ["--waive", "tests=a trial", "--format", "json"]))
                #expect(waived.contains("\"reason\" : \"a trial\"") && fixture.names(tool.folder) == [])
                try await tool.succeed(tool.begin)
                try await tool.succeed(tool.begin)
                let record = try fixture.text("release/v1.0.1/release.intoto.json")
                let statement = try CanonicalJSON.decode(JSONValue.self, from: Array(record.utf8))
                #expect(statement.members["_type"] == .text("https://in-toto.io/Statement/v1"))
                #expect(statement.members["predicate"]?.members["gates"]?.elements.count == 10)
            }
        }

        @Test func `where both streams go to one place, what is printed stands before the error that follows it`()
            async throws
        {
            try await CommandLineFixture.scoped { fixture in
                let tool = try await ToolRelease(fixture)
                let words = [Program.imagebuild] + tool.words("plan", ["--go", tool.go.root])
                let ended = try await Program.run(
                    ["sh", "-c", #"exec "$@" 2>&1"#, "sh"] + words, in: fixture.setting)
                let parts = ended.output.components(separatedBy: "imagebuild: 1.0.1 does not pass 2 of 10 gates")
                try #require(parts.count == 2, "\(ended.output)")
                #expect(parts[0].hasSuffix("\n") && parts[0].contains("To https://downloads.example.org/tool"))
            }
        }

        @Test func `another Go than the pinned one compiles if the gate was waived for it`() async throws {
            try await CommandLineFixture.scoped { fixture in
                let tool = try await ToolRelease(fixture)
                try tool.write(ToolRelease.file.replacing("version: GO", with: "version: 1.0.9"))
                let build = tool.words("build", ["--go", tool.go.root])
                let waiver = ["--waive", "go-version=1.0.9 is not to be had"]
                let shut = try await tool.run(tool.begin)
                #expect(shut.errors.contains("gates: go-version"), "\(shut.errors)")
                try await tool.succeed(tool.begin + waiver)
                try fixture.write("go1.0.9\n", to: "go/VERSION")
                let changed = try await tool.run(tool.words("build", ["--go", "go"]))
                #expect(changed.errors.contains("the gates were passed with \(tool.go.version)"), "\(changed.errors)")
                try await tool.succeed(build)
                let record = try fixture.text("release/v1.0.1/release.intoto.json")
                #expect(record.contains("1.0.9 is not to be had") && record.contains("\"\(tool.go.version)\""))
            }
        }

        @Test func `each fault is told with what to do, and nothing is begun`() async throws {
            try await CommandLineFixture.scoped { fixture in
                let tool = try await ToolRelease(fixture)
                func fails(_ words: [String], _ status: Int32, _ parts: String...) async throws {
                    let ended = try await tool.run(words)
                    #expect(ended.status == status, "\(words): \(ended.errors)")
                    for part in parts { #expect(ended.errors.contains(part), "\(ended.errors)") }
                    #expect(fixture.names(tool.folder) == [])
                }
                func version(_ text: String) -> [String] { ["release", "plan", "release.yaml", "--version", text] }
                try await fails(version("1.0"), 2, "'1.0' is not a semantic version")
                try await fails(version("1.0.9"), 2, "there is no tag v1.0.9", "git tag -s v1.0.9")
                try await fails(version("1.0.1") + ["--source", "nowhere"], 2, "there is no folder")
                try await fails(version("1.0.1") + ["--source", "images"], 1, "is a git checkout")
                try await fails(tool.words("plan"), 2, "2 of 10 gates: tag-signature, tests")
                try await fails(tool.begin + ["--waive", "testz=x"], 2, "there is no gate 'testz' to waive")
                try await fails(tool.words("sign", ["--key", "x", "--yes"]), 2, "no release of 1.0.1 was begun")
                try tool.write(ToolRelease.file.replacing("statements:", with: "statments:"))
                try await fails(
                    tool.begin, 2, "release.yaml:15:3: unknown key 'statments' in 'gates' (did you mean 'statements'?)")
            }
        }

        @Test func `the announcement is printed whole, or one part of it`() async throws {
            try await CommandLineFixture.scoped { fixture in
                let tool = try await ToolRelease(fixture)
                let line =
                    #"git -C tool log ...v1.0.0 --pretty=format:"%an" | LC_ALL=C sort | uniq | tr '\n' ',' | sed -e 's#,#, #g' -e 's#, $##'"#
                let guide = try await tool.succeed(tool.words("announce", ["--only", "guide-authors"]))
                #expect(try await fixture.tool("sh", "-c", line) + "\n" == guide)
                #expect(
                    try await tool.succeed(tool.words("announce", ["--only", "afterwards"]))
                        == "# Next version\necho 1.0.1+git\n")
                let all = try await tool.succeed(tool.words("announce"))
                #expect(
                    all.contains("[GH 8](https://git.example.org/tool/pull/8)") && all.contains("To: tool@example.org"))
            }
        }
    }
}
