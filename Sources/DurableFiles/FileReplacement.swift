package import SystemPackage

/// A new file in the folder of another, hidden until it takes that one's name. It ends with `commit` or `discard`.
package struct FileReplacement: Sendable {
    /// The new file, open for writing.
    package let file: FileDescriptor
    private let path: FilePath
    private let target: FilePath

    package init(
        of target: FilePath, permissions: FilePermissions = [.ownerReadWrite, .groupRead, .otherRead]
    ) throws {
        let name = ".new-\(target.lastComponent?.string ?? "")-\(UInt64.random(in: .min ... .max))"
        self.target = target
        path = target.removingLastComponent().appending(name)
        file = try FileSystem.open(
            path, .writeOnly, "cannot write \(target)", options: [.create, .exclusiveCreate], permissions: permissions)
    }

    /// Syncs the file and gives it the name. Blocks.
    package func commit() throws {
        try FileSystem.sync(file, path)
        try FileSystem.rename(path, to: target)
        try? file.close()
    }

    /// Removes the file, which has no name yet.
    package func discard() {
        try? FileSystem.remove(path)
        try? file.close()
    }
}
