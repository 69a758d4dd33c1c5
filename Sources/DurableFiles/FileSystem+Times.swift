package import SystemPackage

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// File times used as marks: the access time records the last use, the modification time whether the file is still as
/// it was checked.
extension FileSystem {
    /// Returns the time at which a file was created or last marked as used, in seconds since the epoch.
    package static func used(_ path: FilePath) -> Int64? {
        var status = stat()
        return path.withPlatformString({ lstat($0, &status) }) == 0 ? Int64(status.st_atim.tv_sec) : nil
    }

    /// Marks a file as used now; a failure is ignored.
    package static func touch(_ path: FilePath) {
        _ = path.withPlatformString { utimensat(AT_FDCWD, $0, [now, unchanged], AT_SYMLINK_NOFOLLOW) }
    }

    /// `UTIME_NOW` and `UTIME_OMIT`, which are macros that Swift does not import.
    private static let now = timespec(tv_sec: 0, tv_nsec: (1 << 30) - 1)
    private static let unchanged = timespec(tv_sec: 0, tv_nsec: (1 << 30) - 2)

    /// The modification time which says that a file was not written to since its bytes were checked. Every write
    /// replaces it.
    private static let seal = timespec(tv_sec: 1, tv_nsec: 0)

    /// Marks a file whose bytes were just checked, also as used now; a failure only costs another check.
    package static func seal(_ path: FilePath) {
        path.withPlatformString { seal($0, in: AT_FDCWD) }
    }

    /// Marks a file of an open folder.
    static func seal(_ name: UnsafePointer<CChar>, in folder: CInt) {
        _ = utimensat(folder, name, [now, seal], AT_SYMLINK_NOFOLLOW)
    }

    /// Returns whether a file of this size exists that was not written to since it was sealed, as far as `stat` can
    /// tell.
    package static func isSealed(_ path: FilePath, size: Int64) -> Bool {
        var status = stat()
        return path.withPlatformString({ lstat($0, &status) }) == 0 && status.st_mode & S_IFMT == S_IFREG
            && status.st_size == size
            && status.st_mtim.tv_sec == seal.tv_sec && status.st_mtim.tv_nsec == seal.tv_nsec
    }
}
