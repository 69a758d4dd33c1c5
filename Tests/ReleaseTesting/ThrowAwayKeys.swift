package import Foundation
package import SystemPackage
import TestSupport
import Testing

/// An OpenPGP key and an SSH key that nobody keeps.
package struct ThrowAwayKeys {
    package let home: URL
    package let fingerprint: String

    /// The armoured public key.
    package var publicKey: FilePath { FilePath(home.appending(path: "public.asc").path) }
    /// The SSH key, and those whose signatures by it count.
    package var sshKey: String { home.appending(path: "ssh").path }
    package var signers: FilePath { FilePath(home.appending(path: "signers").path) }

    package static func make(in folder: URL) async throws -> ThrowAwayKeys {
        // The path of the agent's socket is limited to 108 bytes.
        let home = folder.appending(path: "gpg")
        try FileManager.default.createDirectory(
            at: home, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        let nobody = ThrowAwayKeys(home: home, fingerprint: "")
        try await nobody.gpg(
            "--quick-gen-key", "Release of the tests <release@example.org>", "ed25519", "sign", "never")
        let listing = try await nobody.gpg("--with-colons", "--list-keys")
        let line = try #require(listing.split(separator: "\n").first { $0.hasPrefix("fpr:") })
        let fingerprint = try #require(line.split(separator: ":").last.map(String.init))
        try await nobody.gpg("--armor", "--output", nobody.publicKey.string, "--export", fingerprint)
        try await nobody.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", nobody.sshKey], in: home)
        let ssh = try String(contentsOfFile: nobody.sshKey + ".pub", encoding: .utf8)
        try "releaser@example.org \(ssh)".write(toFile: nobody.signers.string, atomically: true, encoding: .utf8)
        return ThrowAwayKeys(home: home, fingerprint: fingerprint)
    }

    /// What gpg and git find around them.
    package var environment: [String: String] {
        [
            "PATH": "/usr/bin:/bin", "LC_ALL": "C", "HOME": home.path, "GNUPGHOME": home.path,
            "GIT_CONFIG_NOSYSTEM": "1", "GIT_COMMITTER_NAME": "Ann Oak", "GIT_COMMITTER_EMAIL": "ann@example.org",
            "GIT_AUTHOR_NAME": "Ann Oak", "GIT_AUTHOR_EMAIL": "ann@example.org",
            "GIT_COMMITTER_DATE": "2024-05-06T07:08:09Z", "GIT_AUTHOR_DATE": "2024-05-06T07:08:09Z",
        ]
    }

    @discardableResult
    package func gpg(_ words: String...) async throws -> String { try await gpg(words) }

    @discardableResult
    package func gpg(_ words: [String]) async throws -> String {
        try await run(["gpg", "--batch", "--yes", "--passphrase", "", "--pinentry-mode", "loopback"] + words, in: home)
    }

    @discardableResult
    package func run(_ command: [String], in folder: URL) async throws -> String {
        let ended = try await Program.run(command, in: Setting(folder: folder, environment: environment))
        try #require(ended.status == 0, "\(command.joined(separator: " ")): \(ended.errors)")
        return ended.output
    }
}
