import FoundationEssentials
package import SystemPackage

/// A folder of one test's own, removed with all that is in it when the value ends.
package struct TemporaryFolder: ~Copyable {
    package let path: FilePath

    package init() throws { path = try Self.make() }

    deinit { Self.remove(path) }

    /// Makes an empty folder, which the caller removes. Its path is short: sockets and podman's storage take no long ones.
    package static func make() throws -> FilePath {
        let parent = FileManager.default.temporaryDirectory.resolvingSymlinksInPath()
        let folder = parent.appending(path: "imagebuild-\(UUID().uuidString.prefix(13))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        return FilePath(folder.path)
    }

    /// Removes a folder with all that is in it, where it is there.
    package static func remove(_ path: FilePath) { try? FileManager.default.removeItem(atPath: path.string) }
}

/// Runs `body` with a new folder, which is gone afterwards.
package func withTemporaryFolder<Result>(_ body: (FilePath) throws -> Result) throws -> Result {
    let folder = try TemporaryFolder.make()
    defer { TemporaryFolder.remove(folder) }
    return try body(folder)
}

/// Runs `body` with a new folder, which is gone afterwards.
package func withTemporaryFolder<Result>(_ body: (FilePath) async throws -> Result) async throws -> Result {
    let folder = try TemporaryFolder.make()
    defer { TemporaryFolder.remove(folder) }
    return try await body(folder)
}
