#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// The number of files and connections that this process may have open.
package enum OpenFileLimit {
    /// More than any command here needs; the system allows a process far more, at a cost for those that it starts.
    private static let wanted: rlim_t = 16_384

    /// Raises the limit as far as is allowed and useful.
    ///
    /// - Returns: The limit that holds from then on.
    package static func raise() -> Int {
        #if canImport(Glibc)
            let files = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        #else
            let files = RLIMIT_NOFILE
        #endif
        var limit = rlimit()
        guard getrlimit(files, &limit) == 0 else { return 1024 }
        if limit.rlim_cur < wanted {
            var raised = limit
            raised.rlim_cur = min(wanted, limit.rlim_max)
            if setrlimit(files, &raised) == 0 { limit = raised }
        }
        return Int(min(limit.rlim_cur, wanted))
    }
}
