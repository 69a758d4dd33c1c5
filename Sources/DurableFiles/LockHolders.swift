package import SystemPackage

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

extension FileSystem {
    private static let listLimit: Int64 = 4 << 20

    /// Returns the other processes that hold an advisory lock on a file, as the system lists them, each with the words that
    /// began it up to the first option: `imagebuild registry serve (process 4711)`.
    package static func lockHolders(of path: FilePath) -> [String] {
        guard let status = try? FileStatus(of: path), let list = try? listing("/proc/locks") else { return [] }
        var holders: [Int32] = []
        for line in list.split(separator: "\n") {
            // 1: FLOCK  ADVISORY  READ 4711 fe:01:131074 0 EOF
            let words = line.split(separator: " ")
            guard words.count >= 6, words[1] == "FLOCK", let process = Int32(words[4]), process > 0,
                let file = words[5].split(separator: ":").last.flatMap({ UInt64($0) }), file == status.inode,
                process != getpid(), !holders.contains(process)
            else { continue }
            holders.append(process)
        }
        return holders.map { process in
            let text = (try? listing(FilePath("/proc/\(process)/cmdline"))) ?? ""
            let words = text.split(separator: "\0").prefix(3).prefix { !$0.hasPrefix("-") }
            let program = words.first.flatMap { $0.split(separator: "/").last } ?? "a program"
            return "\(([program] + words.dropFirst()).joined(separator: " ")) (process \(process))"
        }
    }

    /// Returns the text of one of the system's own files, whose size it does not state.
    private static func listing(_ path: FilePath) throws -> String {
        let file = try open(path, .readOnly, "cannot read \(path)")
        defer { try? file.close() }
        var bytes: [UInt8] = []
        try withUnsafeTemporaryAllocation(byteCount: 1 << 16, alignment: 1) { buffer in
            while bytes.count < listLimit, case let count = try file.read(into: buffer), count > 0 {
                bytes.append(contentsOf: buffer[..<count])
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
