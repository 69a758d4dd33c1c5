import Foundation
import TestSupport
import Testing

/// A file system of a few bytes in memory, mounted on a folder; for root alone.
struct SmallDisk: Sendable {
    private let folder: URL
    private let fixture: CommandLineFixture

    /// Runs `body` with a disk of `size` on a folder, or not at all where a container forbids to mount.
    static func mounted(
        on name: String, size: String, _ fixture: CommandLineFixture, _ body: (SmallDisk) async throws -> Void
    ) async throws {
        let folder = fixture.folder.appending(path: name)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let mounted = try await Program.run(
            ["mount", "-t", "tmpfs", "-o", "size=\(size)", "tmpfs", folder.path], in: fixture.setting)
        guard mounted.status == 0 else { return }
        let result: Result<Void, any Error>
        do { result = .success(try await body(SmallDisk(folder: folder, fixture: fixture))) } catch {
            result = .failure(error)
        }
        try await fixture.tool("umount", folder.path)
        try result.get()
    }

    private var ballast: String { folder.appending(path: ".ballast").path }

    /// Leaves so many bytes free, to a page.
    func fill(leaving bytes: Int) async throws {
        _ = try await Program.run(["sh", "-c", "cat /dev/zero > \(ballast)"], in: fixture.setting)
        try await fixture.tool("truncate", "--size=-\(bytes)", ballast)
    }

    /// Leaves nothing free.
    func fill() {
        let zeros = Data(count: 1 << 16)
        _ = FileManager.default.createFile(atPath: ballast, contents: nil)
        guard let file = FileHandle(forWritingAtPath: ballast) else { return }
        while (try? file.write(contentsOf: zeros)) != nil {}
        try? file.close()
    }

    func empty() async throws { try await fixture.tool("rm", "-f", ballast) }
}
