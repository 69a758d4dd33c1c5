import DurableFiles
import OCIModel
import SystemPackage

extension FileSystem {
    /// Returns the digest of a file's bytes.
    static func digest(of path: FilePath) throws -> Digest {
        let file = try open(path, .readOnly, "cannot read \(path)")
        defer { try? file.close() }
        var hasher = SHA256Hasher()
        do {
            try withUnsafeTemporaryAllocation(byteCount: 1 << 18, alignment: 16) { buffer in
                while case let count = try file.read(into: buffer), count > 0 {
                    hasher.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
                }
            }
        } catch let problem as Errno {
            throw FileError(problem, "cannot read \(path)")
        }
        return hasher.finish()
    }
}
