package import SystemPackage

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// A folder that is held open. Everything in it is reached by one name at a time, relative to it, and no symbolic link is
/// followed: what others planted in it leads nowhere. The path itself, which the user chose, may be a link.
///
/// All functions block, and throw `FileError`: `.notPlain` for what is neither a plain file nor a folder.
package final class Folder: Sendable {
    /// The folder's path, for messages.
    package let path: FilePath
    private let descriptor: FileDescriptor

    /// The kinds of things that belong in a folder of ours.
    package enum Kind: Hashable, Sendable { case file, folder }

    /// Opens a folder.
    package convenience init(at path: FilePath) throws {
        let opened = try FileSystem.open(path, .readOnly, "cannot open the folder \(path)", options: .directory)
        self.init(path, opened)
    }

    /// Opens a folder; `nil` if there is none.
    package convenience init?(ifThere path: FilePath) throws {
        do {
            self.init(path, try FileDescriptor.open(path, .readOnly, options: [.directory, .closeOnExec]))
        } catch Errno.noSuchFileOrDirectory {
            return nil
        } catch let problem as Errno {
            throw FileError(problem, "cannot open the folder \(path)")
        }
    }

    private init(_ path: FilePath, _ descriptor: FileDescriptor) {
        (self.path, self.descriptor) = (path, descriptor)
    }

    deinit { try? descriptor.close() }

    /// Returns what a name stands for; `nil` if there is nothing.
    package func kind(of name: String) throws -> Kind? {
        do {
            switch try FileStatus(of: name, in: descriptor).kind {
            case .regular: return .file
            case .directory: return .folder
            case .symbolicLink: throw FileError(notPlain: child(name), "a symbolic link")
            case .other: throw FileError(notPlain: child(name), "a device, a pipe or a socket")
            }
        } catch Errno.noSuchFileOrDirectory {
            return nil
        } catch let problem as Errno {
            throw FileError(problem, "cannot examine \(child(name))")
        }
    }

    /// Opens the folder of a name, which is created if it is missing.
    package func makeFolder(_ name: String) throws -> Folder {
        guard mkdirat(descriptor.rawValue, name, 0o777) == 0 || errno == EEXIST else {
            throw FileError(Errno(rawValue: errno), "cannot create the folder \(child(name))")
        }
        guard let folder = try folder(name) else {
            throw FileError(.noSuchFileOrDirectory, "cannot open the folder \(child(name))")
        }
        return folder
    }

    /// Opens the folder of a name; `nil` if there is nothing of that name.
    package func folder(_ name: String) throws -> Folder? {
        guard let kind = try kind(of: name) else { return nil }
        guard kind == .folder else { throw FileError(.notDirectory, "cannot open the folder \(child(name))") }
        return Folder(child(name), try open(name, O_RDONLY | O_DIRECTORY, "cannot open the folder"))
    }

    /// Returns the names in the folder in byte order.
    package func names() throws -> [String] {
        // The listing has a position and a descriptor of its own.
        let listed = try open(".", O_RDONLY | O_DIRECTORY, "cannot list")
        guard let handle = fdopendir(listed.rawValue) else {
            let problem = Errno(rawValue: errno)
            try? listed.close()
            throw FileError(problem, "cannot list \(path)")
        }
        return FileSystem.names(listing: handle)
    }

    /// Returns a plain file's bytes; `nil` if there is none.
    ///
    /// - Throws: `FileError`, also if the file has more than `limit` bytes.
    package func read(_ name: String, limit: Int64) throws -> [UInt8]? {
        switch try kind(of: name) {
        case nil: return nil
        case .folder: throw FileError(notPlain: child(name), "a folder")
        case .file: break
        }
        let file = try open(name, O_RDONLY | O_NONBLOCK, "cannot read")
        defer { try? file.close() }
        return try FileSystem.readAll(file, child(name), limit: limit)
    }

    /// Replaces or creates a plain file durably: the bytes are written to a new file beside it, synced and renamed, and
    /// the folder is synced.
    package func write(_ bytes: [UInt8], to name: String) throws {
        if try kind(of: name) == .folder { throw FileError(notPlain: child(name), "a folder") }
        let new = ".new-\(name)-\(UInt64.random(in: .min ... .max))"
        let file = try open(new, O_WRONLY | O_CREAT | O_EXCL, "cannot write", mode: 0o644)
        defer { try? file.close() }
        do {
            do { try file.writeAll(bytes) } catch let problem as Errno {
                throw FileError(problem, "cannot write \(child(name))")
            }
            try FileSystem.sync(file, child(name))
            guard renameat(descriptor.rawValue, new, descriptor.rawValue, name) == 0 else {
                throw FileError(Errno(rawValue: errno), "cannot write \(child(name))")
            }
        } catch {
            unlinkat(descriptor.rawValue, new, 0)
            throw error
        }
        // Some file systems refuse to sync a folder; the rename is still atomic.
        _ = fsync(descriptor.rawValue)
    }

    /// Removes a file; a missing file counts as removed.
    package func remove(_ name: String) throws {
        guard unlinkat(descriptor.rawValue, name, 0) == 0 || errno == ENOENT else {
            throw FileError(Errno(rawValue: errno), "cannot remove \(child(name))")
        }
    }

    private func child(_ name: String) -> FilePath { path.appending(name) }

    private func open(_ name: String, _ flags: CInt, _ what: String, mode: mode_t = 0) throws -> FileDescriptor {
        let opened = openat(descriptor.rawValue, name, flags | O_NOFOLLOW | O_CLOEXEC, mode)
        guard opened >= 0 else { throw FileError(Errno(rawValue: errno), "\(what) \(child(name))") }
        return FileDescriptor(rawValue: opened)
    }
}

extension FileSystem {
    /// Refuses a symbolic link among the names that lead down from a folder, each relative to the one before; a name
    /// that is missing ends the way. A way that a checkout or an archive can carry is checked like this before
    /// anything is read or written along it.
    ///
    /// - Throws: `FileError` with the code `.notPlain`.
    package static func refuseLinks(below folder: FilePath, along names: some Sequence<some StringProtocol>) throws {
        var path = folder
        for name in names {
            path.append(String(name))
            do throws(Errno) {
                guard try FileStatus(of: path).kind == .symbolicLink else { continue }
            } catch .noSuchFileOrDirectory {
                return
            } catch {
                throw FileError(error, "cannot examine \(path)")
            }
            throw FileError(notPlain: path, "a symbolic link")
        }
    }
}

extension FileError {
    init(notPlain path: FilePath, _ kind: String) {
        self.init(
            .notPlain, "\(path) is \(kind), which is not followed: only plain files and folders belong there",
            hint: "find out who put it there, and remove it")
    }
}
