import DurableFiles
package import SystemPackage

/// An open file that is closed when its last reader is gone.
package final class OpenFile: Sendable {
    let path: FilePath
    let descriptor: FileDescriptor

    /// Opens the file that holds a content.
    ///
    /// - Throws: `LayerArchiveError` with the code of what the system says, or `escape` for a link on the way to a file
    ///   of a folder.
    convenience init(of content: FileContent) throws(LayerArchiveError) {
        switch content {
        case .bytes: throw LayerArchiveError(.inputOutput, "cannot open contents that are in no file")
        case .slice(let path, _, _, _): try self.init(reading: path)
        case .file(let path, _):
            let file: FileDescriptor
            do { file = try FileSystem.openWithoutLinks(path) } catch let error as FileError {
                throw LayerArchiveError(
                    error.code == .notPlain ? .escape : .inputOutput, error.message, hint: error.hint)
            } catch { throw LayerArchiveError(.inputOutput, "cannot read \(path): \(error)") }
            self.init(path, file)
        }
    }

    /// Opens a file for reading.
    ///
    /// - Throws: `LayerArchiveError` with the code of what the system says.
    package init(reading path: FilePath) throws(LayerArchiveError) {
        do {
            descriptor = try FileDescriptor.open(path, .readOnly, options: [.closeOnExec])
        } catch {
            throw LayerArchiveError((error as? Errno) ?? .ioError, doing: "open \(path)")
        }
        self.path = path
    }

    /// Takes over a descriptor; `path` is for messages.
    package init(_ path: FilePath, _ descriptor: FileDescriptor) { (self.path, self.descriptor) = (path, descriptor) }

    /// Returns the size in bytes. Moves the descriptor's position, from which nothing reads.
    func size() throws(LayerArchiveError) -> Int64 {
        do { return try descriptor.seek(offset: 0, from: .end) } catch {
            throw LayerArchiveError((error as? Errno) ?? .ioError, doing: "read \(path)")
        }
    }

    deinit { try? descriptor.close() }
}
