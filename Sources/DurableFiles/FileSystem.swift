package import SystemPackage

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

// The system calls that `FileSystem` has functions of the same name for, whichever C library this is.
private func renameFile(_ old: FilePath, _ new: FilePath) -> CInt {
    old.withPlatformString { old in new.withPlatformString { rename(old, $0) } }
}
private func linkFile(_ old: FilePath, _ new: FilePath) -> CInt {
    old.withPlatformString { old in new.withPlatformString { link(old, $0) } }
}

/// The few system calls that files on disk need, with errors that name the path. Writes are atomic.
package enum FileSystem {
    package static func makeDirectories(_ path: FilePath) throws {
        if path.withPlatformString({ mkdir($0, 0o777) }) == 0 || errno == EEXIST { return }
        let problem = Errno(rawValue: errno)
        guard problem == .noSuchFileOrDirectory, !path.components.isEmpty else {
            throw FileError(problem, "cannot create the folder \(path)")
        }
        try makeDirectories(path.removingLastComponent())
        guard path.withPlatformString({ mkdir($0, 0o777) }) == 0 || errno == EEXIST else {
            throw FileError(Errno(rawValue: errno), "cannot create the folder \(path)")
        }
    }

    /// Returns a file's bytes; `nil` if it does not exist.
    ///
    /// - Throws: `FileError` if it has more than `limit` bytes or cannot be read.
    package static func read(_ path: FilePath, limit: Int64) throws -> [UInt8]? {
        guard regularFileSize(path) != nil else { return nil }
        let file = try open(path, .readOnly, "cannot read \(path)")
        defer { try? file.close() }
        return try readAll(file, path, limit: limit)
    }

    /// Returns an open file's bytes, from where it stands; `path` is for messages.
    ///
    /// - Throws: `FileError` if it has more than `limit` bytes or cannot be read.
    static func readAll(_ file: FileDescriptor, _ path: FilePath, limit: Int64) throws -> [UInt8] {
        var status = stat()
        guard fstat(file.rawValue, &status) == 0 else {
            throw FileError(Errno(rawValue: errno), "cannot read \(path)")
        }
        let size = Int64(status.st_size)
        guard size <= limit else {
            throw FileError(.tooLarge, "\(path) is too large: it has \(size) bytes, and the limit is \(limit)")
        }
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

    /// Replaces or creates a file: the bytes are written to a new file beside it, synced, and renamed.
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

    /// Replaces or creates a file in the same way, with the bytes that `write` writes in pieces.
    package static func replace(
        _ target: FilePath, permissions: FilePermissions = [.ownerReadWrite, .groupRead, .otherRead],
        _ write: (FileDescriptor) throws -> Void
    ) throws {
        let replacement = try FileReplacement(of: target, permissions: permissions)
        try write(replacement.file)
        try replacement.commit()
    }

    /// Returns the size of a regular file; `nil` if there is none.
    package static func regularFileSize(_ path: FilePath) -> Int64? {
        var status = stat()
        guard path.withPlatformString({ stat($0, &status) }) == 0, status.st_mode & S_IFMT == S_IFREG else {
            return nil
        }
        return Int64(status.st_size)
    }

    /// Returns whether a path leads to a folder; `nil` if it leads to nothing.
    package static func isFolder(_ path: FilePath) -> Bool? {
        var status = stat()
        guard path.withPlatformString({ stat($0, &status) }) == 0 else { return nil }
        return status.st_mode & S_IFMT == S_IFDIR
    }

    /// Returns the number of names of a regular file; `nil` if there is none.
    package static func linkCount(_ path: FilePath) -> Int? {
        var status = stat()
        guard path.withPlatformString({ stat($0, &status) }) == 0, status.st_mode & S_IFMT == S_IFREG else {
            return nil
        }
        return Int(status.st_nlink)
    }

    /// Returns the size of a regular file; `nil` if there is none, or if the name is a symbolic link to it.
    package static func plainFileSize(_ path: FilePath) -> Int64? {
        var status = stat()
        guard path.withPlatformString({ lstat($0, &status) }) == 0, status.st_mode & S_IFMT == S_IFREG else {
            return nil
        }
        return Int64(status.st_size)
    }

    package static func isSameFile(_ descriptor: FileDescriptor, _ path: FilePath) -> Bool {
        var (opened, named) = (stat(), stat())
        return fstat(descriptor.rawValue, &opened) == 0 && path.withPlatformString({ stat($0, &named) }) == 0
            && opened.st_ino == named.st_ino && opened.st_dev == named.st_dev
    }

    package static func rename(_ old: FilePath, to new: FilePath) throws {
        guard renameFile(old, new) == 0 else {
            throw FileError(Errno(rawValue: errno), "cannot rename \(old) to \(new)")
        }
    }

    /// Creates a symbolic link whose target is these bytes, whether they are text or not.
    package static func makeSymlink(_ path: FilePath, to target: some Collection<UInt8>) throws {
        let text = target.map { CChar(bitPattern: $0) } + [0]
        guard path.withPlatformString({ symlink(text, $0) }) == 0 else {
            throw FileError(Errno(rawValue: errno), "cannot create the link \(path)")
        }
    }

    /// Gives a file another name.
    ///
    /// - Returns: `false` if that name already exists, or the two are on different file systems.
    package static func link(_ old: FilePath, to new: FilePath) -> Bool { linkFile(old, new) == 0 }

    /// Removes a file; a missing file counts as removed.
    package static func remove(_ path: FilePath) throws {
        guard path.withPlatformString({ unlink($0) }) == 0 || errno == ENOENT else {
            throw FileError(Errno(rawValue: errno), "cannot remove \(path)")
        }
    }

    /// Removes a file, or a folder with everything in it.
    package static func removeTree(_ path: FilePath) throws {
        if path.withPlatformString({ unlink($0) }) == 0 || errno == ENOENT { return }
        for name in try rawNames(in: path) { try removeTree(path.appending(bytes: name)) }
        guard path.withPlatformString({ rmdir($0) }) == 0 || errno == ENOENT else {
            throw FileError(Errno(rawValue: errno), "cannot remove \(path)")
        }
    }

    /// Makes renames in `directory` durable, so that they survive a power failure.
    package static func syncDirectory(_ directory: FilePath) throws {
        let descriptor = try open(directory, .readOnly, "cannot open the folder \(directory)")
        defer { try? descriptor.close() }
        // Some file systems refuse to sync a folder; the rename is still atomic.
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
            throw FileError(problem, what, isReading: mode == .readOnly)
        }
    }

    /// Returns the names in a folder in byte order; none if the folder does not exist.
    package static func names(in directory: FilePath) throws -> [String] {
        try rawNames(in: directory).map { String(decoding: $0, as: UTF8.self) }
    }

    /// Returns the names in a folder as they are, whether they are text or not, in byte order; none if the folder does not
    /// exist.
    package static func rawNames(in directory: FilePath) throws -> [[UInt8]] {
        guard let handle = directory.withPlatformString({ opendir($0) }) else {
            if errno == ENOENT { return [] }
            throw FileError(Errno(rawValue: errno), "cannot list \(directory)")
        }
        return rawNames(listing: handle)
    }

    /// Returns the names of an open listing in byte order, and closes it.
    static func rawNames(listing handle: OpaquePointer) -> [[UInt8]] {
        defer { closedir(handle) }
        var names: [[UInt8]] = []
        while let entry = readdir(handle) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
            if name != Array(".".utf8) && name != Array("..".utf8) { names.append(name) }
        }
        return names.sorted { $0.lexicographicallyPrecedes($1) }
    }

    /// Takes an advisory lock on an open file or folder without waiting.
    ///
    /// - Returns: `false` if another holder prevents it; a file system that knows no locks prevents nothing.
    package static func tryLock(_ descriptor: FileDescriptor, exclusive: Bool) -> Bool {
        flock(descriptor.rawValue, (exclusive ? LOCK_EX : LOCK_SH) | LOCK_NB) == 0 || errno != EWOULDBLOCK
    }

    /// Gives a lock back, also where a program that is just being started still has a copy of the descriptor.
    static func unlock(_ descriptor: FileDescriptor) { _ = flock(descriptor.rawValue, LOCK_UN) }

    package static func setMode(_ descriptor: FileDescriptor, _ mode: UInt32) { _ = fchmod(descriptor.rawValue, mode) }

    /// Removes all write permissions of a file.
    package static func makeReadOnly(_ descriptor: FileDescriptor) { setMode(descriptor, 0o444) }
}
