package import Foundation
package import SystemPackage
import TestSupport
import Testing

/// A git repository with the history of a small Go program: two releases, several authors, a merge, a mailmap, and tags
/// that throw-away keys sign.
package struct ReleasedSource {
    package let folder: URL
    package let keys: ThrowAwayKeys

    package var path: FilePath { FilePath(checkout.path) }
    package var checkout: URL { folder.appending(path: "tool") }

    /// Makes the repository: `v1.0.0`, then `v1.0.1` at the head of `main`.
    package static func make(in folder: URL) async throws -> ReleasedSource {
        let source = ReleasedSource(folder: folder, keys: try await ThrowAwayKeys.make(in: folder))
        try FileManager.default.createDirectory(at: source.checkout, withIntermediateDirectories: true)
        try await source.git("init", "--quiet", "--initial-branch=main")
        try source.write("go.mod", "module example.org/tool\n\ngo 1.19\n\nrequire example.org/greeting v1.0.0\n")
        try source.write("vendor/modules.txt", "# example.org/greeting v1.0.0\n## explicit\nexample.org/greeting\n")
        try source.write(
            "vendor/example.org/greeting/greeting.go", "package greeting\n\nconst Text = \"tool version\"\n")
        try source.write("main.go", Self.main)
        try source.write("README.md", "# tool\n")
        try source.write("CHANGELOG.md", "v1.0.0\n")
        try await source.release("1.0.0", message: "Release 1.0.0")
        try source.write(".mailmap", "Bo Berg <bo@example.org> <bo@old.example.org>\n")
        try await source.commit("tool: say more (#7)", author: "bo <bo@old.example.org>")
        try await source.git("checkout", "--quiet", "-b", "fix")
        try source.write("README.md", "# tool\n\nBetter.\n")
        try await source.commit(
            "docs: say less", author: "Eva Lund <eva@example.org>",
            body: "Co-authored-by: Co Worker <co@example.org>")
        try await source.git("checkout", "--quiet", "main")
        try source.write("CHANGELOG.md", "v1.0.1\nv1.0.0\n")
        try await source.commit("Write the change log", author: "Ann Oak <ann@example.org>")
        try await source.git(
            "merge", "--quiet", "--no-ff", "-m", "Merge pull request #8 from eva/fix", "-m", "docs: say less", "fix")
        try await source.release("1.0.1", message: "Release 1.0.1")
        return source
    }

    /// Sets the version, commits and tags.
    package func release(_ version: String, message: String) async throws {
        try write("version.go", "package main\n\nconst version = \"\(version)\"\n")
        try await commit("Version \(version)", author: "Ann Oak <ann@example.org>")
        try await tag("v\(version)", message: message)
    }

    package func commit(_ subject: String, author: String, body: String = "") async throws {
        try await git("add", "--all")
        try await git(
            "commit", "--quiet", "--allow-empty", "--author", author, "-m", subject, body.isEmpty ? "--" : "-m\(body)")
    }

    package func tag(_ name: String, message: String) async throws {
        try await git("-c", "user.signingKey=\(keys.fingerprint)", "tag", "-s", name, "-m", message)
    }

    package func write(_ path: String, _ text: String) throws {
        let file = checkout.appending(path: path)
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
    }

    @discardableResult
    package func git(_ words: String...) async throws -> String {
        // A program's streams lie in the folder that it runs in, and would be committed from there.
        try await keys.run(["git", "-C", checkout.path] + words, in: folder)
    }

    private static let main = """
        package main

        import (
        \t"fmt"

        \t"example.org/greeting"
        )

        var commit = "unknown"

        func main() { fmt.Println(greeting.Text, version, commit) }

        """
}
