import Synchronization
package import SystemPackage

/// A new file in the folder of another, hidden until `commit` gives it that one's name. Without that it disappears with
/// its last user.
package final class FileReplacement: Sendable {
    /// The new file, open for writing. It is closed with the last user of this object, and nowhere else: whoever
    /// closes a descriptor twice closes somebody else's file.
    package let file: FileDescriptor
    private let folder: Folder
    /// The file's name, and the hidden one that it has until then.
    private let (name, hidden): ([UInt8], [UInt8])
    private let isCommitted = Atomic(false)

    /// The permissions of a file that others may read.
    package static let readable: FilePermissions = [.ownerReadWrite, .groupRead, .otherRead]

    package convenience init(of target: FilePath, permissions: FilePermissions = readable) throws {
        let parent = target.removingLastComponent()
        let folder: Folder
        do { folder = try Folder(at: parent.isEmpty ? "." : parent) } catch let error as FileError {
            throw FileError(error.code, "cannot write \(target): \(error.message)", hint: error.hint)
        }
        try self.init(of: target.lastComponent?.bytes ?? [], in: folder, permissions: permissions)
    }

    /// Creates the new file in a folder that is held open.
    package init(of name: [UInt8], in folder: Folder, permissions: FilePermissions = readable) throws {
        (self.folder, self.name) = (folder, name)
        hidden = Self.hiddenName(of: name)
        file = try folder.create(hidden, permissions: permissions)
    }

    /// Returns a name that nobody looks at, for what gets another one when it is whole.
    static func hiddenName(of name: [UInt8]) -> [UInt8] {
        Array(".new-".utf8) + name.prefix(200) + Array("-\(UInt64.random(in: .min ... .max))".utf8)
    }

    deinit {
        if !isCommitted.load(ordering: .acquiring) { try? folder.remove(hidden) }
        try? file.close()
    }

    private var target: FilePath { folder.path.appending(bytes: name) }

    /// Syncs the file and gives it the name. Blocks.
    package func commit() throws {
        try FileSystem.sync(file, target)
        try folder.rename(hidden, to: name)
        isCommitted.store(true, ordering: .releasing)
    }

    /// Gives the file its name, as `commit` does. Where another file is mounted on that name, which no rename can
    /// replace, that file gets the bytes.
    func commitOrCopy() throws {
        do { try commit() } catch let error as FileError where error.code == .busy { try copyOver() }
    }

    private func copyOver() throws {
        let path = folder.path.appending(bytes: hidden)
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
