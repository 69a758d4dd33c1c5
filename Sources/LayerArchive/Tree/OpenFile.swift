import SystemPackage

/// An open file of ours, closed when the last of those that read from it is gone.
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

    /// Bytes. Moves the position, which nothing here reads from.
    func size() throws(LayerArchiveError) -> Int64 {
        do { return try descriptor.seek(offset: 0, from: .end) } catch {
            throw LayerArchiveError((error as? Errno) ?? .ioError, doing: "read \(path)")
        }
    }

    deinit { try? descriptor.close() }
}
