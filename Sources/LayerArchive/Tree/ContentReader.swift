import SystemPackage

/// Reads pieces of contents by offset. Keeps the last file open, for neighbouring contents are often slices of one.
package final class ContentReader {
    private var file: OpenFile?

    package init() {}

    /// Reads at most `count` bytes from `offset` on; fewer only where the content ends.
    ///
    /// - Throws: `LayerArchiveError(.inputOutput)` where the file cannot be read, `.corrupt` where it is shorter than the
    ///   content says.
    package func read(_ content: FileContent, at offset: Int64, count: Int) throws(LayerArchiveError) -> [UInt8] {
        guard offset >= 0, count > 0, offset < content.size else { return [] }
        let wanted = Int(min(Int64(count), content.size - offset))
        switch content {
        case .bytes(let bytes):
            return Array(bytes[Int(offset)..<Int(offset) + wanted])
        case .slice(let path, let start, _):
            let (position, overflow) = start.addingReportingOverflow(offset)
            guard !overflow, position >= 0 else {
                throw LayerArchiveError(.corrupt, "cannot read \(path) at \(start) and \(offset) bytes more")
            }
            return try read(path, at: position, count: wanted)
        }
    }

    /// Reads the whole content.
    ///
    /// - Throws: `LayerArchiveError(.tooLarge)` for one of more than `limit` bytes.
    package func readAll(_ content: FileContent, limit: Int) throws(LayerArchiveError) -> [UInt8] {
        guard content.size <= Int64(limit) else {
            throw LayerArchiveError(.tooLarge, "is larger than the \(limit) bytes that such a file may have")
        }
        return try read(content, at: 0, count: Int(content.size))
    }

    private func read(_ path: FilePath, at position: Int64, count: Int) throws(LayerArchiveError) -> [UInt8] {
        if file?.path != path { file = try OpenFile(reading: path) }
        guard let file else { return [] }
        var failure: LayerArchiveError?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            do throws(LayerArchiveError) {
                filled = try file.descriptor.readFully(
                    at: position, into: UnsafeMutableRawBufferPointer(buffer), doing: "read \(path)")
            } catch { failure = error }
        }
        if let failure { throw failure }
        guard bytes.count == count else {
            throw LayerArchiveError(.corrupt, "cannot read \(path): it is shorter than its content should be")
        }
        return bytes
    }
}
