import DurableFiles
import Foundation
import OCIModel
import ReleaseTesting
import SystemPackage
import TestSupport
import Testing

@testable import ImageReleasing

@Suite struct GateTests {
    static let file = """
        schema: 1
        name: tool
        source:
          branch: main
          version: [{file: version.go, text: 'const  version = "${version}"'}]
        go: [{version: 1.19.8}]
        programs: [{name: tool, linker-flags: ["-X=main.commit=${commit}"]}]
        platforms: [linux/amd64, windows/amd64]
        archives: {name: "tool-${tag}-${os}-${arch}", forms: {linux: tar.gz, windows: zip}, extras: [README.md]}
        gates:
          documents: [{name: changelog, file: CHANGELOG.md, text: "${tag}"}]

        """

    private func check(
        _ source: ReleasedSource, _ text: String = Self.file, version: String = "1.0.1", keys: [FilePath]? = nil,
        signers: FilePath? = nil, _ answers: GateAnswers = GateAnswers(evidence: [:], waivers: [:])
    ) async throws -> [String: GateResult] {
        let git = Git(source.path)
        let release = try await Release(
            ReleaseFileTests.parse(text), home: "/", git: git, version: SemanticVersion(version),
            previous: SemanticVersion("1.0.0"))
        let scratch = FilePath(source.folder.path)
        let root = scratch.appending("go")
        try FileSystem.makeDirectories(root)
        try FileSystem.write(Array("go1.19.8\ntime\n".utf8), to: root.appending("VERSION"))
        let check = GateCheck(
            release, git: git,
            trust: TagTrust(keys: try OpenPGPKeys(keys ?? [source.keys.publicKey]), signers: signers),
            signatures: SignatureCheck(scratch: scratch), go: try GoInstallation(at: root))
        let results = try await check.results(answers)
        return Dictionary(uniqueKeysWithValues: results.map { ($0.name, $0) })
    }

    private func failures(_ results: [String: GateResult]) -> [String] {
        results.values.filter { $0.outcome == .failed }.map(\.name).sorted()
    }

    /// The failed gates with what was found, for a test in which none should fail.
    private func findings(_ results: [String: GateResult]) -> [String] {
        results.values.filter { $0.outcome == .failed }.map { "\($0.name): \($0.evidence)" }.sorted()
    }

    @Test func `a signed tag of a clean checkout on its branch passes every gate`() async throws {
        try await withTemporaryFolder { folder in
            let source = try await ReleasedSource.make(in: URL(fileURLWithPath: folder.string))
            let results = try await check(source)
            #expect(findings(results) == [])
            #expect(results["tag-signature"]?.evidence == "v1.0.1 is signed by \(source.keys.fingerprint)")
            let history = try #require(results["history"]?.evidence)
            #expect(history.hasPrefix("5 commits since v1.0.0, 1 of them merges: ") && history.contains("request #8"))
        }
    }

    @Test func `each gate finds its own fault`() async throws {
        try await withTemporaryFolder { folder in
            let source = try await ReleasedSource.make(in: URL(fileURLWithPath: folder.string))
            // What the user's own settings and hooks would say does not count.
            try source.write(".gitignore", "")
            try source.write("left.over", "")
            try await source.git("tag", "api/v1.0.1", "v1.0.0^{}")
            let text = Self.file.replacing(
                "branch: main", with: "branch: \"release-${major}\"\n  module-tags: [\"api/${tag}\"]"
            )
            .replacing("1.19.8", with: "1.20.1").replacing("text: \"${tag}\"", with: "text: \"${commit}\"")
            .replacing("gates:", with: "gates:\n  merges: false\n  statements: [{name: tests, text: They passed}]")
            let results = try await check(source, text)
            #expect(
                failures(results) == [
                    "branch", "changelog", "clean-tree", "go-version", "history", "module-tags", "tests",
                ])
            #expect(results["clean-tree"]?.evidence.contains("?? left.over") ?? false)
            #expect(results["module-tags"]?.evidence.contains("api/v1.0.1 stands for") ?? false)
            let waived = try await check(
                source, text,
                GateAnswers(evidence: ["tests": "https://ci.example.org/1"], waivers: ["branch": "first of its kind"]))
            #expect(waived["tests"]?.outcome == .passed)
            #expect(waived["branch"]?.outcome == .waived && waived["branch"]?.reason == "first of its kind")
            await #expect(throws: ReleaseError.self) {
                try await check(source, text, GateAnswers(evidence: [:], waivers: ["brunch": "x"]))
            }
        }
    }

    @Test func `a module's tag that is missing is told before one that nobody signed`() async throws {
        try await withTemporaryFolder { folder in
            let source = try await ReleasedSource.make(in: URL(fileURLWithPath: folder.string))
            try await source.git("tag", "api/v1.0.1", "v1.0.1^{}")
            let text = Self.file.replacing(
                "branch: main", with: "branch: main\n  module-tags: [\"api/${tag}\", \"client/${tag}\"]")
            #expect(try await check(source, text)["module-tags"]?.evidence == "there is no tag client/v1.0.1")
            try await source.git("tag", "client/v1.0.1", "v1.0.1^{}")
            let unsigned = try await check(source, text)["module-tags"]?.evidence
            #expect(unsigned?.hasPrefix("the tag api/v1.0.1 is a lightweight tag") == true)
        }
    }

    @Test func `a checkout elsewhere, and a version that the source does not name, do not pass`() async throws {
        try await withTemporaryFolder { folder in
            let source = try await ReleasedSource.make(in: URL(fileURLWithPath: folder.string))
            try await source.git("checkout", "--quiet", "v1.0.0")
            #expect(try await failures(check(source)) == ["head"])
            try await source.git("checkout", "--quiet", "main")
            try await source.tag("v1.0.2", message: "too early")
            #expect(try await failures(check(source, version: "1.0.2")) == ["changelog", "source-version"])
            await #expect(throws: ReleaseError.self) { try await check(source, version: "1.0.3") }
        }
    }

    @Test func `a tag of a tree, and a branch of a longer name, do not pass for the right ones`() async throws {
        try await withTemporaryFolder { folder in
            let source = try await ReleasedSource.make(in: URL(fileURLWithPath: folder.string))
            try await source.git("tag", "v1.0.2", "main^{tree}")
            let error = try await #require(throws: ReleaseError.self) { try await check(source, version: "1.0.2") }
            #expect(error.message.contains("the tag v1.0.2 in \(source.path) stands for no commit that is there"))
            let message = folder.appending("message")
            try FileSystem.write(Array(repeating: UInt8(ascii: "x"), count: 2 << 20), to: message)
            try await source.git("tag", "--annotate", "--file", message.string, "v1.0.3", "main")
            let huge = try await #require(throws: ReleaseError.self) { try await check(source, version: "1.0.3") }
            #expect(huge.message.hasSuffix("bytes, and at most 1048576 are read"))
            try await source.git("branch", "mine/main", "main")
            try await source.git("checkout", "--quiet", "v1.0.1")
            try await source.git("branch", "--force", "main", "v1.0.0")
            #expect(try await failures(check(source)) == ["branch"])
            try await source.git("update-ref", "refs/remotes/origin/main", "v1.0.1^{commit}")
            #expect(try await check(source)["branch"]?.evidence == "the commit lies on origin/main")
        }
    }

    @Test(arguments: [
        ("## v3.6.1 (today)", true), ("see v3.6.1.", true), ("[v3.6.1](x)", true), ("v3.6.1", true), ("v3.6.14", false),
        ("v3.6.1-rc.1", false), ("v3.6.1.1", false), ("dev3.6.1", false), ("", false), ("v3.6.14 and v3.6.1", true),
    ]) func `a version is mentioned as a whole word`(_ text: String, _ isThere: Bool) {
        #expect(text.mentions("v3.6.1") == isThere)
        #expect(!"13.6.1".mentions("3.6.1") && !"1.3.6.1".mentions("3.6.1") && "a \"3.6.1\"".mentions("\"3.6.1\""))
    }

    @Test func `a tag signed by a key that has expired since does not pass`() async throws {
        try await withTemporaryFolder { folder in
            let source = try await ReleasedSource.make(in: URL(fileURLWithPath: folder.string))
            let keys = source.keys
            let past = ["--faked-system-time", "20200101T000000"]
            try await keys.gpg(past + ["--quick-gen-key", "Old <old@example.org>", "ed25519", "sign", "1y"])
            try await keys.gpg("--armor", "--output", folder.appending("old.asc").string, "--export", "old@example.org")
            let signer = folder.appending("signer")
            try FileSystem.write(
                Array("#!/bin/sh\nexec gpg --faked-system-time 20200101T000000 \"$@\"\n".utf8), to: signer,
                permissions: .ownerReadWriteExecute)
            try await source.git(
                "-c", "gpg.program=\(signer)", "-c", "user.signingKey=old@example.org", "tag", "--force", "-s", "-m",
                "x",
                "v1.0.1", "main")
            let result = try await check(source, keys: [folder.appending("old.asc")])["tag-signature"]
            #expect(result?.outcome == .failed && result?.evidence.contains("which has expired") == true)
        }
    }

    @Test func `tags that nobody signed, others signed, or that were renamed do not pass`() async throws {
        try await withTemporaryFolder { folder in
            let place = URL(fileURLWithPath: folder.string)
            let source = try await ReleasedSource.make(in: place)
            let other = place.appending(path: "other")
            try FileManager.default.createDirectory(at: other, withIntermediateDirectories: true)
            let stranger = try await ThrowAwayKeys.make(in: other)
            func reason(_ keys: [FilePath]? = nil) async throws -> String {
                let result = try #require(try await check(source, keys: keys)["tag-signature"])
                return result.outcome == .failed ? result.evidence : "passed"
            }
            #expect(try await reason([stranger.publicKey]).contains("not among the given public keys"))
            #expect(try await reason([]).contains("no public keys are given"))
            #expect(try await reason([stranger.publicKey, source.keys.publicKey]) == "passed")
            let signed = try await source.git("rev-parse", "v1.0.1")
            let old = try await source.git("rev-parse", "v1.0.0").trimmingCharacters(in: .newlines)
            try await source.git("update-ref", "refs/tags/v1.0.1", old)
            #expect(try await reason().contains("is the object of another tag, 'v1.0.0'"))
            try await source.git("tag", "--force", "v1.0.1", "main")
            #expect(try await reason().contains("lightweight"))
            try await source.git("tag", "--force", "--annotate", "--message", "no", "v1.0.1", "main")
            #expect(try await reason() == "the tag v1.0.1 is not signed")
            #expect(!signed.isEmpty)
        }
    }

    @Test func `an SSH signature counts for allowed signers`() async throws {
        try await withTemporaryFolder { folder in
            let source = try await ReleasedSource.make(in: URL(fileURLWithPath: folder.string))
            try await source.git(
                "-c", "gpg.format=ssh", "-c", "user.signingKey=\(source.keys.sshKey)", "tag", "--force", "-s", "-m",
                "x",
                "v1.0.1", "main")
            let signer = try await check(source, signers: source.keys.signers)["tag-signature"]
            #expect(signer?.evidence == "v1.0.1 is signed by releaser@example.org")
            #expect(try await check(source)["tag-signature"]?.outcome == .failed)
            let nobody = folder.appending("nobody")
            try FileSystem.write(Array("x@example.org ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ\n".utf8), to: nobody)
            #expect(try await check(source, signers: nobody)["tag-signature"]?.outcome == .failed)
        }
    }
}
