package import SystemPackage

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

extension FileSystem {
    /// Creates a file without a name that contains `bytes`, positioned at its beginning: input for a program that need
    /// not be written while the program runs, and that the program may leave unread. `purpose` begins the error's
    /// message: `cannot check it`.
    package static func unnamedFile(holding bytes: [UInt8], for purpose: String) throws -> FileDescriptor {
        guard let stream = tmpfile() else {
            throw FileError(Errno(rawValue: errno), "\(purpose): cannot create a temporary file")
        }
        defer { fclose(stream) }
        let file = FileDescriptor(rawValue: fcntl(fileno(stream), F_DUPFD_CLOEXEC, 0))
        do {
            try file.writeAll(bytes)
            try file.seek(offset: 0, from: .start)
        } catch let problem as Errno {
            try? file.close()
            throw FileError(problem, "\(purpose): cannot write a temporary file")
        }
        return file
    }
}
