#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// What this program is, for the user and for the memory of what it made.
enum ToolIdentity {
    static let version = "0.1.0"

    /// Unlike that of any other build of this program: what other code made is never taken for this code's work.
    static var current: String {
        var status = stat()
        guard stat("/proc/self/exe", &status) == 0 else { return version }
        return "\(version) \(status.st_size) \(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec)"
    }
}
