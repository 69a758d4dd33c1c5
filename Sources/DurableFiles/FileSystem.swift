package import SystemPackage

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// The few system calls that files on disk need, with errors that name the path; writes are atomic.
package enum FileSystem {
    package static func makeDirectories(_ path: FilePath) throws {
        if mkdir(path.string, 0o777) == 0 || errno == EEXIST { return }
        let problem = Errno(rawValue: errno)
        guard problem == .noSuchFileOrDirectory, !path.components.isEmpty else {
            throw FileError(problem, "cannot make the folder \(path)")
        }
        try makeDirectories(path.removingLastComponent())
        guard mkdir(path.string, 0o777) == 0 || errno == EEXIST else {
            throw FileError(Errno(rawValue: errno), "cannot make the folder \(path)")
        }
    }

    /// A file's bytes; `nil` where there is none.
    ///
    /// - Throws: `FileError` for one of more than `limit` bytes, or that cannot be read.
    package static func read(_ path: FilePath, limit: Int64) throws -> [UInt8]? {
        guard let size = regularFileSize(path) else { return nil }
        guard size <= limit else {
            throw FileError(.tooLarge, "\(path) is too large: \(size) bytes, at most \(limit)")
        }
        let file = try open(path, .readOnly, "cannot read \(path)")
        defer { try? file.close() }
        do {
            return try [UInt8](unsafeUninitializedCapacity: Int(size)) { buffer, count in
                let buffer = UnsafeMutableRawBufferPointer(buffer)
                while count < buffer.count {
                    let more = try file.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[count...]))
                    if more == 0 { break }
                    count += more
                }
            }
        } catch let problem as Errno {
            throw FileError(problem, "cannot read \(path)")
        }
    }

    /// Replaces a file, or makes it: written beside it, synced, renamed.
    package static func write(
        _ bytes: [UInt8], to target: FilePath,
        permissions: FilePermissions = [.ownerReadWrite, .groupRead, .otherRead]
    ) throws {
        try replace(target, permissions: permissions) { file in
            do { try file.writeAll(bytes) } catch let problem as Errno {
                throw FileError(problem, "cannot write \(target)")
            }
        }
    }

    /// The same for bytes that come in pieces.
    package static func replace(
        _ target: FilePath, permissions: FilePermissions = [.ownerReadWrite, .groupRead, .otherRead],
        _ write: (FileDescriptor) throws -> Void
    ) throws {
        let (file, path) = try openBeside(target, permissions: permissions)
        defer { try? file.close() }
        do {
            try write(file)
            try sync(file, path)
            try rename(path, to: target)
        } catch {
            try? remove(path)
            throw error
        }
    }

    /// The same for bytes that are waited for.
    package static func replace(_ target: FilePath, streaming write: (FileDescriptor) async throws -> Void) async throws
    {
        let (file, path) = try openBeside(target)
        defer { try? file.close() }
        do {
            try await write(file)
            try sync(file, path)
            try rename(path, to: target)
        } catch {
            try? remove(path)
            throw error
        }
    }

    /// A new file in the same folder, hidden until it takes the target's name.
    private static func openBeside(
        _ target: FilePath, permissions: FilePermissions = [.ownerReadWrite, .groupRead, .otherRead]
    ) throws -> (FileDescriptor, FilePath) {
        let name = ".new-\(target.lastComponent?.string ?? "")-\(UInt64.random(in: .min ... .max))"
        let path = target.removingLastComponent().appending(name)
        let file = try open(
            path, .writeOnly, "cannot write \(target)", options: [.create, .exclusiveCreate], permissions: permissions)
        return (file, path)
    }

    /// Size of a regular file; `nil` where there is none.
    package static func regularFileSize(_ path: FilePath) -> Int64? {
        var status = stat()
        guard stat(path.string, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        return Int64(status.st_size)
    }

    /// How many names a regular file has; `nil` where there is none.
    package static func linkCount(_ path: FilePath) -> Int? {
        var status = stat()
        guard stat(path.string, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        return Int(status.st_nlink)
    }

    /// The same for a name that must be the file's own, no symbolic link to it.
    package static func plainFileSize(_ path: FilePath) -> Int64? {
        var status = stat()
        guard lstat(path.string, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        return Int64(status.st_size)
    }

    package static func isSameFile(_ descriptor: FileDescriptor, _ path: FilePath) -> Bool {
        var (opened, named) = (stat(), stat())
        return fstat(descriptor.rawValue, &opened) == 0 && stat(path.string, &named) == 0
            && opened.st_ino == named.st_ino && opened.st_dev == named.st_dev
    }

    package static func rename(_ old: FilePath, to new: FilePath) throws {
        guard Glibc.rename(old.string, new.string) == 0 else {
            throw FileError(Errno(rawValue: errno), "cannot rename \(old) to \(new)")
        }
    }

    package static func makeSymlink(_ path: FilePath, to target: String) throws {
        guard Glibc.symlink(target, path.string) == 0 else {
            throw FileError(Errno(rawValue: errno), "cannot make the link \(path)")
        }
    }

    /// Gives a file another name. - Returns: `false` where that exists already, or the two are on different file systems.
    package static func link(_ old: FilePath, to new: FilePath) -> Bool { Glibc.link(old.string, new.string) == 0 }

    /// Removes a file; one that is not there is removed already.
    package static func remove(_ path: FilePath) throws {
        guard unlink(path.string) == 0 || errno == ENOENT else {
            throw FileError(Errno(rawValue: errno), "cannot remove \(path)")
        }
    }

    /// Removes a file, or a folder with all that is in it.
    package static func removeTree(_ path: FilePath) throws {
        if unlink(path.string) == 0 || errno == ENOENT { return }
        for name in try names(in: path) { try removeTree(path.appending(name)) }
        guard rmdir(path.string) == 0 || errno == ENOENT else {
            throw FileError(Errno(rawValue: errno), "cannot remove \(path)")
        }
    }

    /// Makes a rename in `directory` last through a power cut.
    package static func syncDirectory(_ directory: FilePath) throws {
        let descriptor = try open(directory, .readOnly, "cannot open the folder \(directory)")
        defer { try? descriptor.close() }
        // Some file systems refuse to sync a folder; the rename is atomic all the same.
        _ = fsync(descriptor.rawValue)
    }

    package static func sync(_ descriptor: FileDescriptor, _ path: FilePath) throws {
        guard fdatasync(descriptor.rawValue) == 0 else {
            throw FileError(Errno(rawValue: errno), "cannot write \(path) to disk")
        }
    }

    package static func open(
        _ path: FilePath, _ mode: FileDescriptor.AccessMode, _ what: String,
        options: FileDescriptor.OpenOptions = [], permissions: FilePermissions? = nil
    ) throws -> FileDescriptor {
        do {
            return try FileDescriptor.open(path, mode, options: options.union(.closeOnExec), permissions: permissions)
        } catch let problem as Errno {
            throw FileError(problem, what)
        }
    }

    /// Names in a folder, in byte order; empty where there is none.
    package static func names(in directory: FilePath) throws -> [String] {
        guard let handle = opendir(directory.string) else {
            if errno == ENOENT { return [] }
            throw FileError(Errno(rawValue: errno), "cannot list \(directory)")
        }
        defer { closedir(handle) }
        var names: [String] = []
        while let entry = readdir(handle) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    /// An advisory lock on an open file or folder. - Returns: `false` where another holder stands against it.
    package static func tryLock(_ descriptor: FileDescriptor, exclusive: Bool) -> Bool {
        flock(descriptor.rawValue, (exclusive ? LOCK_EX : LOCK_SH) | LOCK_NB) == 0
    }

    package static func lock(_ descriptor: FileDescriptor, exclusive: Bool) {
        while flock(descriptor.rawValue, exclusive ? LOCK_EX : LOCK_SH) != 0 && errno == EINTR {}
    }

    package static func setMode(_ descriptor: FileDescriptor, _ mode: UInt32) { _ = fchmod(descriptor.rawValue, mode) }

    /// Takes everybody's right to write to a file.
    package static func makeReadOnly(_ descriptor: FileDescriptor) { setMode(descriptor, 0o444) }
}
