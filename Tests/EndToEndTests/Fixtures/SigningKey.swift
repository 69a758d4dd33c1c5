import Foundation
import TestSupport
import Testing

/// A throw-away key that signs the tests' own archives, made once for all tests of this process by gpg.
actor SigningKey {
    static let shared = SigningKey()

    /// The folder of gpg's own files. Its agent ends when it is gone.
    private var home: Task<URL, any Error>?

    /// Returns the clear-signed text, as an archive's `InRelease` has it.
    func sign(_ text: String) async throws -> String {
        let folder = try await made()
        let file = folder.appending(path: "text-\(UUID().uuidString)")
        try Data(text.utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        return try await Self.gpg(folder, "--clear-sign", "--output", "-", file.path)
    }

    /// The file of the public key.
    func keyring() async throws -> URL { try await made().appending(path: "public.gpg") }

    private func made() async throws -> URL {
        if let home { return try await home.value }
        let task = Task {
            // The path of the agent's socket is limited to 108 bytes.
            let folder = URL(fileURLWithPath: "/tmp/imagebuild-key-\(UUID().uuidString.prefix(8))")
            try FileManager.default.createDirectory(
                at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            Leftovers.removeAtExit(folder)
            _ = try await Self.gpg(
                folder, "--quick-gen-key", "Archive of the tests <archive@example.org>", "ed25519", "sign", "never")
            _ = try await Self.gpg(folder, "--export", "--output", folder.appending(path: "public.gpg").path)
            return folder
        }
        home = task
        return try await task.value
    }

    private static func gpg(_ home: URL, _ arguments: String...) async throws -> String {
        let options = ["--homedir", home.path, "--batch", "--yes", "--passphrase", "", "--pinentry-mode", "loopback"]
        let setting = Setting(folder: home, environment: ["PATH": "/usr/bin:/bin", "LC_ALL": "C"])
        let ended = try await Program(["gpg"] + options + arguments, in: setting).ended()
        try #require(ended.status == 0, "gpg \(arguments.joined(separator: " ")): \(ended.errors)")
        return ended.output
    }
}
