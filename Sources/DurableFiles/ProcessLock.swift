package import SystemPackage

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// A lock file that one process holds at a time and that says which; it is free again when the process ends.
package final class ProcessLock: Sendable {
    private let file: FileDescriptor

    /// Takes the lock without waiting.
    ///
    /// - Throws: `FileError`: `.inUse` with the holder's process number. `what` begins its message:
    ///   `cannot serve /srv/images`.
    package init(at path: FilePath, _ what: String) throws {
        let file = try FileSystem.open(
            path, .readWrite, what, options: [.create, .noFollow], permissions: [.ownerReadWrite])
        guard FileSystem.tryLock(file, exclusive: true) else {
            let holder = (try? FileSystem.readAll(file, path, limit: 32)).map { String(decoding: $0, as: UTF8.self) }
            try? file.close()
            let process = holder.flatMap { Int($0.filter { $0 != "\n" }) }.map { "process \($0)" } ?? "another process"
            throw FileError(.inUse, "\(what): \(process) is at work there", hint: "stop it, or choose another folder")
        }
        self.file = file
        // The number is help for a person; the lock holds without it.
        try? file.resize(to: 0)
        _ = try? file.writeAll(toAbsoluteOffset: 0, Array("\(getpid())\n".utf8))
    }

    deinit {
        FileSystem.unlock(file)
        try? file.close()
    }
}
