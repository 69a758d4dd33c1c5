package import SystemPackage

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// The file system's record of a name, which may be that of a symbolic link.
package struct FileStatus: Hashable, Sendable {
    package enum Kind: Hashable, Sendable { case regular, directory, symbolicLink, other }

    package let kind: Kind
    /// The kind and the permissions, as `st_mode` has them.
    package let mode: UInt32
    package let size: Int64
    /// The time of the last write and that of the last change of anything, in nanoseconds since the epoch.
    package let (modified, changed): (Int64, Int64)
    /// The file's number on its file system, and that file system's.
    package let (inode, device): (UInt64, UInt64)

    /// Reads the status.
    ///
    /// - Throws: `Errno` if nothing has that name, or a folder on the way cannot be entered.
    package init(of path: FilePath) throws(Errno) {
        var status = stat()
        guard path.withPlatformString({ lstat($0, &status) }) == 0 else { throw Errno(rawValue: errno) }
        self.init(status)
    }

    /// Reads the status of a name in an open folder.
    ///
    /// - Throws: `Errno` if nothing has that name.
    init(of name: [UInt8], in folder: FileDescriptor) throws(Errno) {
        var status = stat()
        let result = FileSystem.withName(name) { fstatat(folder.rawValue, $0, &status, AT_SYMLINK_NOFOLLOW) }
        guard result == 0 else { throw Errno(rawValue: errno) }
        self.init(status)
    }

    private init(_ status: stat) {
        func nanoseconds(_ time: timespec) -> Int64 { Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec) }
        kind =
            switch status.st_mode & S_IFMT {
            case S_IFREG: .regular
            case S_IFDIR: .directory
            case S_IFLNK: .symbolicLink
            default: .other
            }
        (mode, size) = (UInt32(status.st_mode), Int64(status.st_size))
        (modified, changed) = (nanoseconds(status.st_mtim), nanoseconds(status.st_ctim))
        (inode, device) = (UInt64(status.st_ino), UInt64(status.st_dev))
    }

    /// Whether the owner may execute the file, or enter the folder.
    package var isExecutable: Bool { mode & UInt32(S_IXUSR) != 0 }
}

extension FileSystem {
    /// Returns the target of a symbolic link as a path; `nil` if there is none, or it is longer than a path can be (4095
    /// bytes).
    package static func symbolicLinkTarget(_ path: FilePath) -> FilePath? {
        rawSymbolicLinkTarget(path).map { FilePath(bytes: $0) }
    }

    /// Returns the target of a symbolic link as it is, whether it is text or not.
    package static func rawSymbolicLinkTarget(_ path: FilePath) -> [UInt8]? {
        path.withPlatformString { symbolicLinkTarget($0, in: AT_FDCWD) }
    }

    /// Returns the target of a name in an open folder.
    static func symbolicLinkTarget(_ name: UnsafePointer<CChar>, in folder: CInt) -> [UInt8]? {
        var buffer = [CChar](repeating: 0, count: 4096)
        let limit = buffer.count
        let count = readlinkat(folder, name, &buffer, limit)
        return count > 0 && count < limit ? buffer[..<count].map { UInt8(bitPattern: $0) } : nil
    }
}
