/// Reads compressed files, such as package indexes, as a whole into memory.
package enum DecompressedFile {
    /// Returns the contents of a file compressed with gzip, bzip2, xz or zstd. Blocks until the file is decoded.
    ///
    /// - Throws: `LayerArchiveError` with the code `tooLarge` as soon as the contents exceed `limit` bytes, `corrupt`,
    ///   `inputOutput` or `cancelled`.
    package static func contents(
        of open: OpenFile, limit: Int64, isCancelled: @escaping @Sendable () -> Bool
    ) throws(LayerArchiveError) -> [UInt8] {
        let range = FileRange(open, name: "\(open.path)", offset: 0, size: try open.size())
        var stream = try DecodedStream(
            range, subject: "\(open.path)", filters: [.gzip, .bzip2, .xz, .zstd], limit: limit, isCancelled: isCancelled
        )
        var contents: [UInt8] = []
        while try stream.next(atMost: .max, { contents.append(contentsOf: $0) }) != nil {}
        return contents
    }
}
