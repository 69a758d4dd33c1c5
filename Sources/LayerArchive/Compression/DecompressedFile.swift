package import SystemPackage

/// A compressed file of which the whole contents are wanted in memory, such as a package index.
package enum DecompressedFile {
    /// The contents of a file compressed with gzip, bzip2, xz or zstd. Blocks until done.
    ///
    /// - Throws: `LayerArchiveError`: `tooLarge` as soon as the contents pass `limit` bytes, `corrupt`, `cancelled`.
    package static func contents(
        of file: FilePath, limit: Int64, isCancelled: @escaping @Sendable () -> Bool
    ) throws(LayerArchiveError) -> [UInt8] {
        let open = try OpenFile(reading: file)
        let range = FileRange(open, name: "\(file)", offset: 0, size: try open.size())
        var stream = try DecodedStream(
            range, subject: "\(file)", filters: [.gzip, .bzip2, .xz, .zstd], limit: limit, isCancelled: isCancelled)
        var contents: [UInt8] = []
        while try stream.next(atMost: .max, { contents.append(contentsOf: $0) }) != nil {}
        return contents
    }
}
