import Foundation
import ReleaseTesting
import SystemPackage
import TestSupport
import Testing

/// The release of a small Go program, as its release manager's folder has it: a release file, a checkout, and keys.
struct ToolRelease: Sendable {
    let fixture: CommandLineFixture
    let source: ReleasedSource
    /// The folder of the Go that compiles, and its version.
    let go: (root: String, version: String)

    init(_ fixture: CommandLineFixture) async throws {
        self.fixture = fixture
        source = try await ReleasedSource.make(in: fixture.folder)
        let root = try await fixture.tool("go", "env", "GOROOT")
        go = (root, String(try await fixture.tool("go", "env", "GOVERSION").dropFirst(2)))
        try write(Self.file)
    }

    /// Writes the release file, in which `GO` stands for the version of Go.
    func write(_ text: String) throws { try fixture.write(text.replacing("GO", with: go.version), to: "release.yaml") }

    /// The folder of the release of `1.0.1`.
    var folder: URL { fixture.folder.appending(path: "release/v1.0.1") }

    /// Returns the words of a step for `1.0.1`.
    func words(_ step: String, _ more: [String] = []) -> [String] {
        ["release", step, "release.yaml", "--version", "1.0.1", "--previous", "v1.0.0"] + more
    }

    /// The words that let `plan` begin the release.
    var begin: [String] {
        words(
            "plan", ["--tag-key", source.keys.publicKey.string, "--go", go.root, "--evidence", "tests=seen", "--yes"])
    }

    /// Runs a step with what gpg needs around it.
    func run(_ words: [String]) async throws -> Ended {
        var setting = fixture.setting
        setting.environment["GNUPGHOME"] = source.keys.home.path
        return try await fixture.start(words, in: setting).ended()
    }

    /// Runs a step, and expects success.
    @discardableResult
    func succeed(_ words: [String], sourceLocation: SourceLocation = #_sourceLocation) async throws -> String {
        let ended = try await run(words)
        try #require(ended.status == 0, "\(words): \(ended.status)\n\(ended.errors)", sourceLocation: sourceLocation)
        return ended.output
    }

    static let file = """
        schema: 1
        name: tool
        source:
          path: tool
          address: https://git.example.org/tool
          branch: main
          version: [{file: version.go, text: 'const version = "${version}"'}]
        go: [{version: GO}]
        programs: [{name: tool, linker-flags: ["-X=main.commit=${commit}"], report: [version]}]
        platforms: [linux/amd64, linux/arm64, windows/amd64]
        archives: {name: "tool-${tag}-${os}-${arch}", forms: {linux: tar.gz, windows: zip}, extras: [README.md]}
        source-archives: {name: "tool-${tag}-source", forms: [tar.gz, zip]}
        gates:
          documents: [{name: changelog, file: CHANGELOG.md, text: "${tag}"}]
          statements: [{name: tests, text: All tests have passed}]
        downloads: [{folder: published, address: "https://downloads.example.org/tool"}]
        announcement: {to: tool@example.org, subject: "tool ${tag}", text: "${notes} ${authors} ${page}"}
        afterwards: [{title: Next version, command: "echo ${version}+git"}]

        """
}
