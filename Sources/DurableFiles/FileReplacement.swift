import Synchronization
package import SystemPackage

/// A new file in the folder of another, hidden until `commit` gives it that one's name. Without that it disappears with
/// its last user.
package final class FileReplacement: Sendable {
    /// The new file, open for writing. It is closed with the last user of this object, and nowhere else: whoever
    /// closes a descriptor twice closes somebody else's file.
    package let file: FileDescriptor
    private let path: FilePath
    private let target: FilePath
    private let isCommitted = Atomic(false)

    package init(
        of target: FilePath, permissions: FilePermissions = [.ownerReadWrite, .groupRead, .otherRead]
    ) throws {
        let name = ".new-\(target.lastComponent?.string ?? "")-\(UInt64.random(in: .min ... .max))"
        self.target = target
        path = target.removingLastComponent().appending(name)
        file = try FileSystem.open(
            path, .writeOnly, "cannot write \(target)", options: [.create, .exclusiveCreate], permissions: permissions)
    }

    deinit {
        if !isCommitted.load(ordering: .acquiring) { try? FileSystem.remove(path) }
        try? file.close()
    }

    /// Syncs the file and gives it the name. Blocks.
    package func commit() throws {
        try FileSystem.sync(file, path)
        try FileSystem.rename(path, to: target)
        isCommitted.store(true, ordering: .releasing)
    }

    /// Gives the file its name, as `commit` does. Where another file is mounted on that name, which no rename can
    /// replace, that file gets the bytes.
    func commitOrCopy() throws {
        do { try commit() } catch let error as FileError where error.code == .busy { try copyOver() }
    }

    private func copyOver() throws {
        let source = try FileSystem.open(path, .readOnly, "cannot read \(path)")
        defer { try? source.close() }
        let mounted = try FileSystem.open(target, .writeOnly, "cannot write \(target)", options: [.truncate])
        defer { try? mounted.close() }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
        defer { buffer.deallocate() }
        do {
            while case let count = try source.read(into: buffer), count > 0 {
                try mounted.writeAll(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            }
        } catch let problem as Errno {
            throw FileError(problem, "cannot write \(target)")
        }
        try FileSystem.sync(mounted, target)
    }
}
