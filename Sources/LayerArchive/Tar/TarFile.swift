package import SystemPackage

/// Writes trees as plain tar files.
package enum TarFile {
    /// Writes the tar at the descriptor's position; memory does not depend on the tar's size.
    ///
    /// - Throws: `LayerArchiveError` with the codes of `LayerWriter.write`.
    package static func write(_ tree: FileTree, to output: FileDescriptor, isCancelled: () -> Bool) throws {
        var stream = try TarStream(tree)
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            guard !isCancelled() else { throw LayerArchiveError(.cancelled, "cannot finish the archive: cancelled") }
            let count = try buffer.withUnsafeMutableBytes { bytes throws(LayerArchiveError) in try stream.fill(bytes) }
            guard count > 0 else { return }
            do { try output.writeAll(buffer[..<count]) } catch let problem as Errno {
                throw LayerArchiveError(problem, doing: "write the archive")
            }
        }
    }
}
