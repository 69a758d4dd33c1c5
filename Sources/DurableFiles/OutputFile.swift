package import SystemPackage

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// The place that a user names for a result: a file, which is written whole or not at all, or a pipe or a device, which
/// gets the bytes as they come. `-` is the standard output. Symbolic links are followed: what they lead to is written.
package struct OutputFile: Sendable {
    private enum Kind {
        /// A file by its own name, and what was there when the place was looked at.
        case file(FilePath, found: FileStatus?)
        /// A pipe or a device.
        case stream(FilePath)
        case standardOutput
    }

    /// The path as it is named in messages.
    package let path: FilePath
    private let kind: Kind

    /// The name of a standard stream.
    package static let standardStream: FilePath = "-"

    /// The limits on following links, and on waiting for somebody to read a pipe.
    private static let (linkLimit, pause, patience) = (40, Duration.milliseconds(100), Duration.seconds(60))

    /// Finds out what is at a path.
    ///
    /// - Throws: `FileError` for a folder, a socket, links that lead nowhere, and a folder above that cannot be written.
    package init(_ path: FilePath) throws {
        self.path = path
        guard path != Self.standardStream else {
            kind = .standardOutput
            return
        }
        var status = stat()
        guard path.withPlatformString({ stat($0, &status) }) == 0 else {
            let problem = Errno(rawValue: errno)
            guard problem == .noSuchFileOrDirectory else { throw FileError(problem, "cannot write \(path)") }
            kind = try Self.file(behind: path)
            return
        }
        switch status.st_mode & S_IFMT {
        case _ where FileSystem.isSameFile(.standardOutput, path) && Self.isDescriptor(path): kind = .standardOutput
        case S_IFREG: kind = try Self.file(behind: path)
        case S_IFIFO, S_IFCHR, S_IFBLK: kind = .stream(path)
        case S_IFDIR:
            throw FileError(
                .notPlain, "cannot write \(path): it is a folder", hint: "name a file, or - for standard output")
        default:
            throw FileError(.notPlain, "cannot write \(path): it is a socket", hint: "name a file or a pipe")
        }
    }

    /// Whether the bytes go to the standard output, which then has no room for anything else.
    package var isStandardOutput: Bool { if case .standardOutput = kind { true } else { false } }

    /// The plain file that is written, behind all links, whether it is there or not.
    package var file: FilePath? { if case .file(let path, _) = kind { path } else { nil } }

    /// The plain file, with something in it, whose place the result will take.
    package var replacedFile: FilePath? {
        guard let path = file, FileSystem.plainFileSize(path) ?? 0 > 0 else { return nil }
        return path
    }

    /// Writes the result. Blocks.
    ///
    /// - Parameters:
    ///   - isCancelled: Returns whether nobody wants it any more.
    ///   - waiting: Is told what is waited for.
    ///   - write: Writes the bytes.
    /// - Throws: `FileError` `.inUse` if somebody else has written the file since it was looked at; `CancellationError`.
    package func write(
        isCancelled: () -> Bool, waiting: (String) -> Void = { _ in }, _ write: (FileDescriptor) throws -> Void
    ) throws {
        switch kind {
        case .standardOutput: try write(FileDescriptor.standardOutput)
        case .stream(let path):
            let stream = try Self.open(stream: path, isCancelled, waiting)
            defer { try? stream.close() }
            try write(stream)
        case .file(let path, let found):
            try FileSystem.makeDirectories(path.removingLastComponent())
            let replacement = try FileReplacement(of: path)
            try write(replacement.file)
            guard (try? FileStatus(of: path)) == found else {
                throw FileError(
                    .inUse, "cannot write \(self.path): another process has written it meanwhile",
                    hint: "look at what is there, then run this again")
            }
            try replacement.commitOrCopy()
        }
    }

    /// Returns whether a path is a name of an open descriptor: `/dev/stdout`, `/proc/self/fd/1`.
    private static func isDescriptor(_ path: FilePath) -> Bool {
        var path = path
        for _ in 0..<linkLimit {
            if path.starts(with: "/proc/self/fd") || path.starts(with: "/dev/fd") { return true }
            guard let target = FileSystem.symbolicLinkTarget(path) else { return false }
            path = path.removingLastComponent().pushing(target)
        }
        return false
    }

    /// Returns the file behind all links, in a folder that can be written, or in which one can be made.
    private static func file(behind path: FilePath) throws -> Kind {
        let path = try followed(path)
        var folder = path.removingLastComponent()
        while FileSystem.isFolder(folder) == nil, !folder.components.isEmpty { folder.removeLastComponent() }
        guard folder.withPlatformString({ access($0, W_OK) }) == 0 || folder.isEmpty else {
            throw FileError(Errno(rawValue: errno), "cannot write \(path)")
        }
        return .file(path, found: try? FileStatus(of: path))
    }

    /// Returns the path behind all links at the end of a path.
    private static func followed(_ path: FilePath) throws -> FilePath {
        var path = path
        for _ in 0..<linkLimit {
            guard let target = FileSystem.symbolicLinkTarget(path) else { return path }
            path = path.removingLastComponent().pushing(target).lexicallyNormalized()
        }
        throw FileError(.inputOutput, "cannot write \(path): too many symbolic links lead from one to the next")
    }

    /// Opens a pipe or a device. A pipe that nobody reads cannot be opened.
    private static func open(
        stream path: FilePath, _ isCancelled: () -> Bool, _ waiting: (String) -> Void
    ) throws -> FileDescriptor {
        let began = ContinuousClock.now
        var isSaid = false
        while true {
            do {
                let file = try FileDescriptor.open(path, .writeOnly, options: [.closeOnExec, .nonBlocking])
                // Whoever writes waits for the reader.
                _ = fcntl(file.rawValue, F_SETFL, fcntl(file.rawValue, F_GETFL) & ~O_NONBLOCK)
                return file
            } catch let problem as Errno {
                guard problem == .noSuchAddressOrDevice else { throw FileError(problem, "cannot write \(path)") }
                guard !isCancelled() else { throw CancellationError() }
                if !isSaid { waiting("waiting for somebody to read \(path)") }
                isSaid = true
                guard ContinuousClock.now - began < patience else {
                    throw FileError(
                        .inputOutput, "cannot write \(path): nobody reads this pipe", hint: "start its reader first")
                }
                usleep(UInt32(pause.components.attoseconds / 1_000_000_000_000))
            }
        }
    }
}
