package import OCIModel
package import SystemPackage

/// The entries of a finished layer, with the digest and the size of its tar.
package struct LayerListing: Hashable, Sendable {
    package struct Entry: Hashable, Sendable {
        /// The normalised path.
        package let path: EntryPath
        package let member: TarMember
    }

    /// The entries in the order of the tar; a hostile or careless layer may name a path twice.
    package let entries: [Entry]
    package let diffID: DiffID
    /// The size of the tar in bytes.
    package let uncompressedSize: Int64
}

/// Reads layer blobs: tars that are plain or compressed with gzip, zstd, xz or bzip2, with any number of members or
/// frames.
package enum LayerReader {
    /// Lists a layer's entries and computes its DiffID from its bytes. Blocks until the layer is read. A path through
    /// `..` is refused.
    ///
    /// - Throws: `LayerArchiveError` with the code `corrupt`, `escape`, `tooLarge`, `inputOutput` or `cancelled`.
    package static func list(
        _ file: FilePath, limits: ArchiveLimits = ArchiveLimits(), isCancelled: @escaping @Sendable () -> Bool
    ) throws(LayerArchiveError) -> LayerListing {
        var entries: [LayerListing.Entry] = []
        let whole = try read(OpenFile(reading: file), name: "\(file)", limits: limits, isCancelled: isCancelled) {
            path, member, _ throws(LayerArchiveError) in
            entries.append(LayerListing.Entry(path: path, member: member))
        }
        return LayerListing(entries: entries, diffID: whole.diffID, uncompressedSize: whole.size)
    }

    static func read(
        _ open: OpenFile, name: String, limits: ArchiveLimits, isCancelled: @escaping @Sendable () -> Bool,
        _ visit: (EntryPath, TarMember, inout TarReader) throws(LayerArchiveError) -> Void
    ) throws(LayerArchiveError) -> (diffID: DiffID, size: Int64) {
        let range = FileRange(open, name: name, offset: 0, size: try open.size())
        let stream = try DecodedStream(
            range, subject: name, filters: [.gzip, .zstd, .xz, .bzip2], limit: limits.totalSize, hashing: true,
            isCancelled: isCancelled)
        var tar = TarReader(stream, limits: limits)
        while let member = try tar.next() {
            let path: EntryPath
            do throws(OCIModelError) { path = try EntryPath(member.path) } catch {
                throw LayerArchiveError(.escape, "cannot read \(name): \(error.message)")
            }
            try visit(path, member, &tar)
        }
        let (digest, size) = try tar.finish()
        return (DiffID(digest), size)
    }
}
