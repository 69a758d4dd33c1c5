package import SystemPackage

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// A file's times as marks: that of reading says when it was last used, that of change whether it is as it was checked.
extension FileSystem {
    /// When a file was made or last marked as used, in seconds since the epoch.
    package static func used(_ path: FilePath) -> Int64? {
        var status = stat()
        return lstat(path.string, &status) == 0 ? Int64(status.st_atim.tv_sec) : nil
    }

    /// Marks a file as used now; failing to is no failure.
    package static func touch(_ path: FilePath) { _ = utimensat(AT_FDCWD, path.string, [now, unchanged], 0) }

    /// `UTIME_NOW` and `UTIME_OMIT`, macros that Swift does not see.
    private static let now = timespec(tv_sec: 0, tv_nsec: (1 << 30) - 1)
    private static let unchanged = timespec(tv_sec: 0, tv_nsec: (1 << 30) - 2)

    /// The time of change that says: nobody wrote to this file since its bytes were checked. Every write takes it away.
    private static let seal = timespec(tv_sec: 1, tv_nsec: 0)

    /// Marks a file whose bytes were just checked, and as used now; failing to costs another check.
    package static func seal(_ path: FilePath) {
        _ = utimensat(AT_FDCWD, path.string, [now, seal], 0)
    }

    /// Whether a file of this size is there that nobody wrote to since it was sealed: all that a `stat` can tell.
    package static func isSealed(_ path: FilePath, size: Int64) -> Bool {
        var status = stat()
        return stat(path.string, &status) == 0 && status.st_mode & S_IFMT == S_IFREG && status.st_size == size
            && status.st_mtim.tv_sec == seal.tv_sec && status.st_mtim.tv_nsec == seal.tv_nsec
    }
}
