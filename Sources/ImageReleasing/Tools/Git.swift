package import OCIModel
package import SystemPackage

/// A git checkout, read through `git` without anything of the user's settings: no hooks, no configuration but the
/// checkout's own, no network, no replaced objects, no locks.
package struct Git: Sendable {
    package let checkout: FilePath
    private let tool: Tool

    package init(_ checkout: FilePath, program: FilePath = "/usr/bin/git") {
        self.checkout = checkout
        tool = Tool(
            program,
            environment: [
                "HOME": "/nonexistent", "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null",
                "GIT_ATTR_NOSYSTEM": "1", "GIT_NO_REPLACE_OBJECTS": "1", "GIT_OPTIONAL_LOCKS": "0",
                "GIT_TERMINAL_PROMPT": "0", "GIT_CEILING_DIRECTORIES": checkout.removingLastComponent().string,
            ])
    }

    /// The settings that a checkout's own configuration must not decide.
    private static let settings = [
        "core.hooksPath=/dev/null", "core.fsmonitor=false", "core.quotePath=false", "core.attributesFile=/dev/null",
        "core.excludesFile=/dev/null", "i18n.logOutputEncoding=UTF-8", "log.showSignature=false",
        "protocol.allow=never", "mailmap.file=",
    ].flatMap { ["-c", $0] }

    /// Runs a command of git.
    ///
    /// - Throws: `ReleaseError` `.tool` with what git said, if it fails.
    package func run(_ arguments: [String], input: [UInt8] = [], outputLimit: Int = 64 << 20) async throws -> [UInt8] {
        let result = try await attempt(arguments, input: input, outputLimit: outputLimit)
        guard result.isSuccess else { throw failure(of: arguments.first ?? "", result.complaint) }
        return result.output
    }

    private func failure(of command: String, _ complaint: String) -> ReleaseError {
        let hint =
            if complaint.contains("dubious ownership") {
                "the checkout belongs to another user: release as that user"
            } else if complaint.contains("No space left") {
                "free some space or choose another folder"
            } else {
                "check that \(checkout) is a git checkout"
            }
        return ReleaseError(.tool, "git \(command) failed in \(checkout): \(complaint)", hint: hint)
    }

    /// Writes the tree of a commit as a tar archive: the same bytes from every checkout.
    func archive(_ commit: String, to file: FilePath) async throws {
        // What a checkout does to line ends, and how many digits tell its commits apart, must not show.
        let settings = ["core.autocrlf=false", "core.eol=lf", "core.abbrev=no"].flatMap { ["-c", $0] }
        let result = try await attempt(settings + ["archive", "--format=tar", "--output=\(file)", commit])
        guard result.isSuccess else { throw failure(of: "archive to \(file)", result.complaint) }
    }

    /// Runs a command of git whose failure is an answer.
    func attempt(_ arguments: [String], input: [UInt8] = [], outputLimit: Int = 64 << 20) async throws -> Tool.Result {
        try await tool.run(
            ["--no-pager", "-C", checkout.string] + Self.settings + arguments, input: input, outputLimit: outputLimit)
    }

    /// Returns the single line that a command writes.
    func line(_ arguments: [String]) async throws -> String {
        let text = String(decoding: try await run(arguments, outputLimit: 1 << 20), as: UTF8.self)
        return String(text.prefix { $0 != "\n" })
    }

    package func version() async throws -> String { try await line(["version"]) }

    /// Refuses anything that is not the top folder of a checkout.
    package func requireCheckout() async throws {
        let top = try await line(["rev-parse", "--show-cdup"])
        guard top.isEmpty else {
            throw ReleaseError(
                .refused, "\(checkout) is a folder inside a checkout", hint: "name the checkout's own folder")
        }
    }

    /// Returns the commit of the checkout.
    package func head() async throws -> String { try await line(["rev-parse", "--verify", "HEAD^{commit}"]) }

    /// Returns when a commit was made.
    package func date(of commit: String) async throws -> Timestamp {
        let text = try await line(["log", "-1", "--format=%ct", commit])
        guard let seconds = Int64(text), seconds >= 0 else {
            throw ReleaseError(.refused, "the commit \(commit) has no usable date: '\(quoted(text))'")
        }
        return Timestamp(seconds: seconds)
    }

    /// Returns what differs from the commit, and what git does not know: a line for each file.
    package func changes() async throws -> [String] {
        let bytes = try await run([
            "status", "--porcelain=v1", "-z", "--untracked-files=all", "--no-renames", "--ignore-submodules=none",
        ])
        return bytes.split(separator: 0).map { quoted(String(decoding: $0, as: UTF8.self)) }
    }

    /// Returns the branches of a name, here and as last fetched, on which a commit lies: `release-3.6`,
    /// `origin/release-3.6`.
    package func branches(_ name: String, with commit: String) async throws -> [String] {
        let bytes = try await run([
            "for-each-ref", "--contains", commit, "--format=%(refname)", "refs/heads", "refs/remotes",
        ])
        return bytes.split(separator: 10).compactMap { line in
            let parts = line.split(separator: UInt8(ascii: "/")).map { String(decoding: $0, as: UTF8.self) }
            // The branch `a/main` is not the branch `main`; the first word of a fetched one is its remote's name.
            let isLocal = parts.prefix(2) == ["refs", "heads"]
            let branch = parts.dropFirst(isLocal ? 2 : 3).joined(separator: "/")
            return branch == name ? parts.dropFirst(2).joined(separator: "/") : nil
        }
    }

    /// Returns whether one commit comes before another, or is it.
    package func isAncestor(_ one: String, of other: String) async throws -> Bool {
        try await attempt(["merge-base", "--is-ancestor", one, other]).isSuccess
    }

    /// Returns whether a commit has a file or a folder of a name.
    func has(_ path: String, in commit: String) async throws -> Bool {
        try await attempt(["cat-file", "-e", "\(commit):\(path)"]).isSuccess
    }

    /// Returns the bytes of a file in a commit; `nil` if the commit has none of that name.
    package func file(_ path: String, in commit: String, limit: Int = 16 << 20) async throws -> [UInt8]? {
        let name = "\(commit):\(path)"
        let kind = try await attempt(["cat-file", "-t", name])
        guard kind.isSuccess, String(decoding: kind.output, as: UTF8.self) == "blob\n" else { return nil }
        return try await run(["cat-file", "blob", name], outputLimit: limit)
    }
}
