import Foundation
import SystemPackage
import TestSupport
import Testing

/// The etcd image, built once from the real Debian archive for all tests of this run that need it: in a copy of `images/`,
/// with a store of its own.
///
/// Needs the network: without it every test that asks for it fails, and says why.
actor ArchiveBuild {
    static let shared = ArchiveBuild()

    struct Result: Sendable {
        var fixture: CommandLineFixture
        var digest: String
        /// What the build said.
        var errors: String
    }

    private var building: Task<Result, any Error>?

    func built() async throws -> Result {
        if let building { return try await building.value }
        let task = Task { try await Self.build() }
        building = task
        return try await task.value
    }

    private static func build() async throws -> Result {
        let folder = URL(fileURLWithPath: try TemporaryFolder.make().string)
        Leftovers.removeAtExit(folder)
        let fixture = try CommandLineFixture(in: folder)
        try copyImages(to: fixture)
        // A later test wants the build remembered.
        try await fixture.letFilesAge()
        let ended = try await fixture.run("build", "etcd", "--all", "--locked")
        try #require(
            ended.status == 0,
            "this test needs the network, and the Debian archive or snapshot.debian.org on it:\n\(ended.errors)")
        return Result(fixture: fixture, digest: ended.line, errors: ended.errors)
    }

    /// Copies this repository's `images/`.
    static func copyImages(to fixture: CommandLineFixture) throws {
        let images = fixture.folder.appending(path: "images")
        try? FileManager.default.removeItem(at: images)
        try FileManager.default.copyItem(at: CommandLineFixture.repository.appending(path: "images"), to: images)
    }
}

/// The platforms of the etcd image, with what stands for them elsewhere.
enum Architecture: String, CaseIterable, Sendable {
    case amd64, arm64, ppc64le

    /// As qemu and the kernel call it.
    var machine: String { [.amd64: "x86_64", .arm64: "aarch64"][self] ?? rawValue }

    static var native: Architecture {
        #if arch(arm64)
            .arm64
        #elseif arch(powerpc64le)
            .ppc64le
        #else
            .amd64
        #endif
    }

    /// What comes before a program of this architecture and root filesystem on this machine.
    func launcher(_ root: URL) throws -> [String] {
        guard self == .native else { return ["qemu-\(machine)-static", "-L", root.path] }
        // No root needed: the image's own loader, with the image's own libraries.
        let loader = try FileManager.default.contentsOfDirectory(
            atPath: root.appending(path: "usr/lib/\(machine)-linux-gnu").path
        )
        .first { $0.hasPrefix("ld-linux") || $0.hasPrefix("ld64") }
        let libraries = root.appending(path: "usr/lib/\(machine)-linux-gnu").path
        return ["\(libraries)/\(try #require(loader))", "--library-path", libraries]
    }
}
