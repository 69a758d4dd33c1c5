package import OCIModel
package import SystemPackage

/// A decoded layer of a foreign image: its entries in the order of the tar, with their contents decoded on disk.
///
/// It does not say what the entries amount to; that is up to the code that stacks layers: a path may occur twice, a
/// hard link may lead to a file of a lower layer, and an entry whose name begins with `.wh.` removes one.
package struct UnpackedLayer: Hashable, Sendable {
    package struct Entry: Hashable, Sendable {
        package var path: EntryPath
        package var entry: FileEntry
        package init(path: EntryPath, entry: FileEntry) { (self.path, self.entry) = (path, entry) }
    }

    package var entries: [Entry]
    package var diffID: DiffID

    package init(entries: [Entry], diffID: DiffID) { (self.entries, self.diffID) = (entries, diffID) }

    /// Creates the layer from its record; the contents are slices of the file at `spool`, whose digest the caller has
    /// checked.
    ///
    /// - Throws: `LayerArchiveError` with the code `corrupt` if the record is damaged and the layer has to be unpacked
    ///   again.
    package init(record: LayerRecord, spool: FilePath) throws(LayerArchiveError) {
        diffID = record.diffID
        entries = []
        entries.reserveCapacity(record.entries.count)
        for line in record.entries {
            guard let (path, entry) = FileEntry.parse(line, spool: spool, spoolSize: record.spoolSize) else {
                throw LayerRecord.damaged
            }
            entries.append(Entry(path: path, entry: entry))
        }
    }
}

/// An unpacked layer in the form in which the store keeps it; the counterpart of `PackageRecord`.
package struct LayerRecord: Hashable, UnpackedRecord {
    package static let currentSchema = 2
    package static let subject = "layer"

    package let schema: Int
    package let diffID: DiffID
    package let spool: Digest
    package let spoolSize: Int64
    /// One line for each entry (`FileEntry.line`), in the order of the tar.
    let entries: [String]

    init(diffID: DiffID, spool: Digest, spoolSize: Int64, entries: [String]) {
        schema = Self.currentSchema
        (self.diffID, self.spool, self.spoolSize, self.entries) = (diffID, spool, spoolSize, entries)
    }
}

extension LayerReader {
    /// Limits above those of any real image's layer, which bound how much of the disk a hostile one can fill.
    private static let unpackingLimits = ArchiveLimits(totalSize: 16 << 30, memberSize: 16 << 30, members: 500_000)

    /// Decodes a layer once: writes its contents to the spool and returns everything else as the record. Blocks until
    /// the layer is decoded.
    ///
    /// - Parameters:
    ///   - file: The layer, whose digest the caller has checked.
    ///   - name: The layer's name in messages.
    ///   - spool: An empty file, positioned at its start. After an error its content is useless.
    ///   - isCancelled: Called for each decoded piece; if it returns `true`, the decoding stops.
    /// - Returns: The record, from which an `UnpackedLayer` can be made once the spool is in its final place.
    /// - Throws: `LayerArchiveError` with the codes of `list`.
    package static func unpack(
        _ file: OpenFile, name: String, into spool: FileDescriptor, isCancelled: @escaping @Sendable () -> Bool
    ) throws(LayerArchiveError) -> LayerRecord {
        var lines: [String] = []
        var (hasher, size) = (SHA256Hasher(), Int64(0))
        let whole = try read(file, name: name, limits: unpackingLimits, isCancelled: isCancelled) {
            path, member, tar throws(LayerArchiveError) in
            let start = size
            var content = SHA256Hasher()
            if member.kind == .regular {
                try tar.readContent { bytes throws(LayerArchiveError) in
                    try spool.writeFully(bytes, doing: "write the contents of \(name)")
                    hasher.update(bytes)
                    content.update(bytes)
                    size += Int64(bytes.count)
                }
            }
            // The root directory is not an entry.
            guard !path.isRoot else { return }
            let kind = try kind(
                of: member,
                content: .slice(
                    of: PackageRecord.unplaced, offset: start, size: size - start, digest: content.finish()))
            let entry = FileEntry(
                kind, mode: member.mode, userID: member.userID, groupID: member.groupID, modified: member.modified,
                attributes: member.attributes)
            lines.append(entry.line(at: path))
        }
        return LayerRecord(diffID: whole.diffID, spool: hasher.finish(), spoolSize: size, entries: lines)
    }

    private static func kind(
        of member: TarMember, content: FileContent
    ) throws(LayerArchiveError) -> FileEntry.Kind {
        switch member.kind {
        case .regular: return .regular(content)
        case .directory: return .directory
        case .symlink(let target): return .symlink(target: target)
        case .hardLink(let target):
            let file: EntryPath
            do throws(OCIModelError) { file = try EntryPath(target) } catch {
                throw LayerArchiveError(.escape, "cannot read the hard link '\(member.shownPath)': \(error.message)")
            }
            guard !file.isRoot else {
                throw LayerArchiveError(
                    .corrupt, "cannot read the hard link '\(member.shownPath)': it does not lead to a file")
            }
            return .hardLink(to: file)
        case .characterDevice(let major, let minor): return .characterDevice(major: major, minor: minor)
        case .blockDevice(let major, let minor): return .blockDevice(major: major, minor: minor)
        case .fifo: return .fifo
        }
    }
}
