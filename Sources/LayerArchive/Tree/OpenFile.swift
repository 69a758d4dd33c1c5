import SystemPackage

/// An open file that is closed when its last reader is gone.
final class OpenFile: Sendable {
    let path: FilePath
    let descriptor: FileDescriptor

    init(reading path: FilePath) throws(LayerArchiveError) {
        do {
            descriptor = try FileDescriptor.open(path, .readOnly, options: [.closeOnExec])
        } catch {
            throw LayerArchiveError((error as? Errno) ?? .ioError, doing: "open \(path)")
        }
        self.path = path
    }

    /// Takes over a descriptor; `path` is for messages.
    init(_ path: FilePath, _ descriptor: FileDescriptor) { (self.path, self.descriptor) = (path, descriptor) }

    /// Returns the size in bytes. Moves the descriptor's position, from which nothing reads.
    func size() throws(LayerArchiveError) -> Int64 {
        do { return try descriptor.seek(offset: 0, from: .end) } catch {
            throw LayerArchiveError((error as? Errno) ?? .ioError, doing: "read \(path)")
        }
    }

    deinit { try? descriptor.close() }
}
