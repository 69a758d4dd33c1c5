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
    package func kind(of name: String) throws -> Kind? { try kind(of: Array(name.utf8)) }

    private func kind(of name: [UInt8]) throws -> Kind? {
        switch try status(of: name)?.kind {
        case nil: return nil
        case .regular: return .file
        case .directory: return .folder
        case .symbolicLink: throw FileError(notPlain: child(name), "a symbolic link")
        case .other: throw FileError(notPlain: child(name), "a device, a pipe or a socket")
        }
    }

    /// Returns the status of a name, which may be that of a symbolic link; `nil` if there is nothing.
    package func status(of name: [UInt8]) throws -> FileStatus? {
        do throws(Errno) { return try FileStatus(of: name, in: descriptor) } catch {
            if error == .noSuchFileOrDirectory { return nil }
            throw FileError(error, "cannot examine \(child(name))")
        }
    }

    /// Returns the target of a symbolic link; `nil` if the name is none.
    package func linkTarget(of name: [UInt8]) -> [UInt8]? {
        FileSystem.withName(name) { FileSystem.symbolicLinkTarget($0, in: descriptor.rawValue) }
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
    package func folder(_ name: String) throws -> Folder? { try folder(Array(name.utf8)) }

    package func folder(_ name: [UInt8]) throws -> Folder? {
        guard let kind = try kind(of: name) else { return nil }
        guard kind == .folder else { throw FileError(.notDirectory, "cannot open the folder \(child(name))") }
        return Folder(child(name), try open(name, O_RDONLY | O_DIRECTORY, "cannot open the folder"))
    }

    /// Returns the names in the folder in byte order.
    package func names() throws -> [String] { try rawNames().map { String(decoding: $0, as: UTF8.self) } }

    /// Returns the names in the folder as they are, whether they are text or not, in byte order.
    package func rawNames() throws -> [[UInt8]] {
        // The listing has a position and a descriptor of its own.
        let listed = try open(Array(".".utf8), O_RDONLY | O_DIRECTORY, "cannot list")
        guard let handle = fdopendir(listed.rawValue) else {
            let problem = Errno(rawValue: errno)
            try? listed.close()
            throw FileError(problem, "cannot list \(path)")
        }
        return FileSystem.rawNames(listing: handle)
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
        let file = try open(Array(name.utf8), O_RDONLY | O_NONBLOCK, "cannot read")
        defer { try? file.close() }
        return try FileSystem.readAll(file, child(name), limit: limit)
    }

    /// Replaces or creates a plain file durably: the bytes are written to a new file beside it, synced and renamed, and
    /// the folder is synced.
    package func write(_ bytes: [UInt8], to name: String) throws {
        if try kind(of: name) == .folder { throw FileError(notPlain: child(name), "a folder") }
        let replacement = try FileReplacement(of: Array(name.utf8), in: self)
        do { try replacement.file.writeAll(bytes) } catch let problem as Errno {
            throw FileError(problem, "cannot write \(child(name))")
        }
        try replacement.commit()
        sync()
    }

    /// Creates a file, open for writing.
    func create(_ name: [UInt8], permissions: FilePermissions) throws -> FileDescriptor {
        try open(name, O_WRONLY | O_CREAT | O_EXCL, "cannot write", mode: mode_t(permissions.rawValue))
    }

    /// Gives a file another name, in place of what has it, unless that is a folder.
    func rename(_ old: [UInt8], to new: [UInt8]) throws {
        let result = FileSystem.withName(old) { old in
            FileSystem.withName(new) { renameat(descriptor.rawValue, old, descriptor.rawValue, $0) }
        }
        guard result == 0 else {
            throw FileError(Errno(rawValue: errno), "cannot write \(child(new))")
        }
    }

    /// Gives a file of another folder a name in this one, too, in place of what has it, unless that is a folder.
    ///
    /// - Returns: `false` if the two are on different file systems.
    package func link(_ file: FilePath, as name: String) throws -> Bool {
        let name = Array(name.utf8)
        if makeLink(file, name) { return true }
        let hidden = FileReplacement.hiddenName(of: name)
        guard errno == EEXIST, makeLink(file, hidden) else { return false }
        // A rename between two names of one file does nothing, and leaves the hidden one.
        defer { try? remove(hidden) }
        try rename(hidden, to: name)
        return true
    }

    private func makeLink(_ file: FilePath, _ name: [UInt8]) -> Bool {
        file.withPlatformString { file in
            FileSystem.withName(name) { linkat(AT_FDCWD, file, descriptor.rawValue, $0, 0) }
        } == 0
    }

    /// Removes a file; a missing file counts as removed.
    package func remove(_ name: String) throws { try remove(Array(name.utf8)) }

    func remove(_ name: [UInt8]) throws {
        guard FileSystem.withName(name, { unlinkat(descriptor.rawValue, $0, 0) }) == 0 || errno == ENOENT else {
            throw FileError(Errno(rawValue: errno), "cannot remove \(child(name))")
        }
    }

    /// Marks a file whose bytes were just checked, as `FileSystem.seal` does.
    package func seal(_ name: String) { FileSystem.seal(name, in: descriptor.rawValue) }

    /// Makes what was created and renamed here survive a power failure.
    package func sync() {
        // Some file systems refuse to sync a folder; a rename is still atomic.
        _ = fsync(descriptor.rawValue)
    }

    /// Takes the folder's lock, which this value then holds while it exists, unless somebody else holds it.
    package func tryLock() -> Bool { FileSystem.tryLock(descriptor, exclusive: true) }

    package func unlock() { FileSystem.unlock(descriptor) }

    private func child(_ name: String) -> FilePath { path.appending(name) }
    private func child(_ name: [UInt8]) -> FilePath { path.appending(bytes: name) }

    private func open(_ name: [UInt8], _ flags: CInt, _ what: String, mode: mode_t = 0) throws -> FileDescriptor {
        let opened = FileSystem.withName(name) {
            openat(descriptor.rawValue, $0, flags | O_NOFOLLOW | O_CLOEXEC, mode)
        }
        guard opened >= 0 else { throw FileError(Errno(rawValue: errno), "\(what) \(child(name))") }
        return FileDescriptor(rawValue: opened)
    }
}

extension FileSystem {
    /// `O_PATH`, which Glibc declares only for its own extensions: a folder that is gone through need not be readable.
    private static let path: CInt = 0o10_000_000

    /// Opens a plain file for reading, on an absolute path without symbolic links, as `realPath` returns it: a link that
    /// was put there since is not followed.
    ///
    /// - Throws: `FileError`; with the code `.notPlain` for a link, or for what is no plain file.
    package static func openWithoutLinks(_ path: FilePath) throws -> FileDescriptor {
        var folder = AT_FDCWD
        defer { if folder >= 0 { close(folder) } }
        func open(_ name: [UInt8], _ flags: CInt) throws -> CInt {
            let opened = withName(name) { openat(folder, $0, flags | O_NOFOLLOW | O_CLOEXEC) }
            guard opened < 0 else { return opened }
            let problem = Errno(rawValue: errno)
            // A folder's name that became a link is reported as no folder, a file's as one link too many.
            let isLink = problem == .tooManySymbolicLinkLevels || problem == .notDirectory
            throw isLink
                ? FileError(notPlain: path, "reached through a symbolic link")
                : FileError(problem, "cannot read \(path)")
        }
        if path.root != nil { folder = try open(Array("/".utf8), Self.path | O_DIRECTORY) }
        let names = path.components.map(\.bytes)
        for name in names.dropLast() {
            let next = try open(name, Self.path | O_DIRECTORY)
            if folder >= 0 { close(folder) }
            folder = next
        }
        let file = FileDescriptor(rawValue: try open(names.last ?? [], O_RDONLY | O_NONBLOCK))
        var status = stat()
        guard fstat(file.rawValue, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            try? file.close()
            throw FileError(notPlain: path, "no plain file")
        }
        return file
    }

    /// Returns the absolute path of a file or folder that exists, without symbolic links.
    ///
    /// - Throws: `FileError`, whose message `what` begins.
    package static func realPath(_ path: FilePath, _ what: String) throws -> FilePath {
        guard let found = path.withPlatformString({ realpath($0, nil) }) else {
            throw FileError(Errno(rawValue: errno), what)
        }
        defer { free(found) }
        return FilePath(platformString: found)
    }

    /// Passes a name as the text that system calls take.
    static func withName<Result>(_ name: [UInt8], _ use: (UnsafePointer<CChar>) -> Result) -> Result {
        (name.map { CChar(bitPattern: $0) } + [0]).withUnsafeBufferPointer { text in
            // Never empty: it ends with a zero.
            text.baseAddress.map(use) ?? use("")
        }
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
