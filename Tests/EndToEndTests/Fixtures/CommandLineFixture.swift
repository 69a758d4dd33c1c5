import Foundation
import SystemPackage
import TestSupport
import Testing

/// A person's surroundings: a folder with `images/`, a store, a home, and the program.
struct CommandLineFixture: Sendable {
    let folder: URL
    var store: URL
    var setting: Setting

    /// This repository.
    static let repository = Repository.root

    init(in folder: URL) throws {
        self.folder = folder
        store = folder.appending(path: "store")
        try FileManager.default.createDirectory(at: folder.appending(path: "images"), withIntermediateDirectories: true)
        setting = Setting(folder: folder)
        setting.environment = ["PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "HOME": folder.path]
        // How this machine reaches the network is no business of these tests.
        for name in ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy", "SSL_CERT_FILE"]
        {
            setting.environment[name] = ProcessInfo.processInfo.environment[name]
        }
    }

    /// The keys of an archive of the tests' own; there only if a test has one.
    var keyring: URL { folder.appending(path: "keyring.gpg") }

    /// Runs `body` in new surroundings, which are gone afterwards.
    static func scoped<R>(_ body: (CommandLineFixture) async throws -> R) async throws -> R {
        try await withTemporaryFolder { folder in
            try await body(CommandLineFixture(in: URL(fileURLWithPath: folder.string)))
        }
    }

    /// Starts `imagebuild` with these arguments.
    func start(_ arguments: String..., in setting: Setting? = nil) throws -> Program {
        try start(arguments, in: setting)
    }

    func start(_ arguments: [String], in setting: Setting?) throws -> Program {
        var setting = setting ?? self.setting
        setting.environment["IMAGEBUILD_STORE"] = store.path
        if FileManager.default.fileExists(atPath: keyring.path) {
            setting.environment["IMAGEBUILD_DEBIAN_KEYRING"] = keyring.path
        }
        return try Program([Program.imagebuild] + arguments, in: setting)
    }

    /// Runs `imagebuild` with these arguments to its end.
    func run(_ arguments: String..., in setting: Setting? = nil) async throws -> Ended {
        try await start(arguments, in: setting).ended()
    }

    /// Runs it and expects success; its standard output without the line end.
    func succeed(
        _ arguments: String..., in setting: Setting? = nil, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> String {
        let ended = try await start(arguments, in: setting).ended()
        try #require(
            ended.status == 0,
            "imagebuild \(arguments.joined(separator: " ")): exit code \(ended.status)\n\(ended.errors)",
            sourceLocation: sourceLocation)
        return ended.line
    }

    /// Runs another program in the fixture's folder and expects success.
    @discardableResult
    func tool(_ command: String..., sourceLocation: SourceLocation = #_sourceLocation) async throws -> String {
        let ended = try await Program.run(command, in: setting)
        try #require(
            ended.status == 0, "\(command.joined(separator: " ")): exit code \(ended.status)\n\(ended.errors)",
            sourceLocation: sourceLocation)
        return ended.line
    }

    /// Waits until the definition's files are old enough: a build of files that changed in the tenth of a second before it is
    /// not remembered, since they could change again within the clock's grain.
    func letFilesAge() async throws { try await Task.sleep(for: .milliseconds(200)) }

    func write(_ text: String, to path: String) throws {
        let file = folder.appending(path: path)
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
    }

    /// Puts another file's bytes at a path of the folder.
    func copyFile(_ file: String, to path: String) throws {
        try write(String(contentsOf: URL(fileURLWithPath: file), encoding: .utf8), to: path)
    }

    func text(_ path: String) throws -> String {
        String(decoding: try Data(contentsOf: folder.appending(path: path)), as: UTF8.self)
    }

    /// Names in a folder, sorted; none where there is no folder.
    func data(_ path: String) throws -> Data { try Data(contentsOf: folder.appending(path: path)) }

    func names(_ folder: URL) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).sorted()
    }

    var blobs: URL { store.appending(path: "blobs/sha256") }
    var temporaries: [String] { names(store.appending(path: "tmp")) }

    func layout(_ image: String) -> URL { folder.appending(path: ".imagebuild/oci/\(image)") }
}

/// Changes one byte of a file in place, whatever its mode, and keeps its size, as a failing disk does.
func flipByte(of file: URL) throws {
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: file.path)
    let handle = try FileHandle(forUpdating: file)
    defer { try? handle.close() }
    let middle = try handle.seekToEnd() / 2
    try handle.seek(toOffset: middle)
    let byte = try #require(try handle.read(upToCount: 1)?.first)
    try handle.seek(toOffset: middle)
    try handle.write(contentsOf: Data([byte ^ 0x40]))
}
