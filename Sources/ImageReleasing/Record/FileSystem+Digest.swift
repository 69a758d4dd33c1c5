import DurableFiles
import OCIModel
import SystemPackage

extension FileSystem {
    /// Returns the digest of a file's bytes.
    static func digest(of path: FilePath) throws -> Digest { try measure(path).digest }

    /// Returns the size and the digest of a file's bytes, which are also passed to `use`, in pieces.
    ///
    /// - Throws: `FileError` if the file cannot be read; what `use` throws.
    static func measure(
        _ path: FilePath, options: FileDescriptor.OpenOptions = [],
        _ use: (UnsafeRawBufferPointer) throws -> Void = { _ in }
    ) throws -> (size: Int64, digest: Digest) {
        let file = try open(path, .readOnly, "cannot read \(path)", options: options)
        defer { try? file.close() }
        var (hasher, size) = (SHA256Hasher(), Int64(0))
        try withUnsafeTemporaryAllocation(byteCount: 1 << 18, alignment: 16) { buffer in
            func read() throws -> Int {
                do { return try file.read(into: buffer) } catch let problem as Errno {
                    throw FileError(problem, "cannot read \(path)")
                }
            }
            while case let count = try read(), count > 0 {
                let piece = UnsafeRawBufferPointer(rebasing: buffer[..<count])
                hasher.update(piece)
                size += Int64(count)
                try use(piece)
            }
        }
        return (size, hasher.finish())
    }
}
