import SystemPackage

/// Reads pieces of contents by offset. Keeps the last file open, because neighbouring contents are often slices of the
/// same file.
package final class ContentReader {
    private var file: OpenFile?

    package init() {}

    /// Reads at most `count` bytes from `offset` on; fewer only if the content ends.
    ///
    /// - Throws: `LayerArchiveError` with the code `inputOutput` if the file cannot be read, or `corrupt` if it is
    ///   shorter than the content.
    package func read(_ content: FileContent, at offset: Int64, count: Int) throws(LayerArchiveError) -> [UInt8] {
        guard offset >= 0, count > 0, offset < content.size else { return [] }
        let wanted = Int(min(Int64(count), content.size - offset))
        switch content {
        case .bytes(let bytes):
            return Array(bytes[Int(offset)..<Int(offset) + wanted])
        case .slice(let path, let start, _, _):
            let (position, overflow) = start.addingReportingOverflow(offset)
            guard !overflow, position >= 0 else {
                throw LayerArchiveError(.corrupt, "cannot read \(path): the offset \(start) + \(offset) is not valid")
            }
            return try readFile(content, at: position, count: wanted)
        case .file:
            return try readFile(content, at: offset, count: wanted)
        }
    }

    /// Reads the whole content.
    ///
    /// - Throws: `LayerArchiveError` with the code `tooLarge` for more than `limit` bytes, `inputOutput` if they are
    ///   others than those that were checked, and the codes of `read`.
    package func readAll(_ content: FileContent, limit: Int) throws(LayerArchiveError) -> [UInt8] {
        guard content.size <= Int64(limit) else {
            throw LayerArchiveError(.tooLarge, "is larger than the \(limit) bytes that such a file may have")
        }
        let bytes = try read(content, at: 0, count: Int(content.size))
        var check = ContentCheck(content)
        bytes.withUnsafeBytes { check?.update($0) }
        try check?.finish()
        return bytes
    }

    private func readFile(_ content: FileContent, at position: Int64, count: Int) throws(LayerArchiveError) -> [UInt8] {
        if file?.path != content.file { file = try OpenFile(of: content) }
        guard let file else { return [] }
        let path = file.path
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
