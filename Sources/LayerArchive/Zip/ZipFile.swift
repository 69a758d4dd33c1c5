import OCIModel
package import SystemPackage

/// Writes trees as zip archives.
package enum ZipFile {
    /// The size in bytes of one file, which is held in memory while it is compressed.
    static let memberLimit = 1 << 30

    /// Writes the archive at the start of an empty file. Its bytes depend on the tree and the version of libdeflate alone:
    /// files in byte order of their paths, times to the second in UTC, permissions as on Unix, owners nowhere.
    ///
    /// Hard links become files of their own. The archive never needs zip64, which old programs cannot read.
    ///
    /// - Throws: `LayerArchiveError` with the code `invalidTree` for what a zip archive cannot hold or what Windows refuses,
    ///   `tooLarge` beyond 1 GiB for a file, 4 GiB or 65,534 members for the archive, `inputOutput` or `cancelled`.
    package static func write(
        _ tree: FileTree, to output: FileDescriptor, isCancelled: () -> Bool
    ) throws(LayerArchiveError) {
        try tree.checkNamesForWindows()
        let entries = try tree.tarOrder()
        guard entries.count < 0xffff else {
            throw LayerArchiveError(.tooLarge, "cannot write a zip archive of \(entries.count) members: 65534 fit")
        }
        let deflater = try Deflater()
        let reader = ContentReader()
        var directory: [UInt8] = []
        var offset: Int64 = 0
        for (path, entry) in entries {
            guard !isCancelled() else { throw LayerArchiveError(.cancelled, "cannot finish the archive: cancelled") }
            let content = try content(of: path, entry, tree, reader)
            let compressed = deflater.compress(content)
            let record = try ZipRecord(path, entry, content, compressedSize: compressed?.count, at: offset)
            for bytes in [record.localHeader, compressed ?? content] { offset += try write(bytes, to: output) }
            directory += record.centralHeader
        }
        guard offset + Int64(directory.count) < 0xffff_ffff else {
            throw LayerArchiveError(
                .tooLarge, "cannot write a zip archive of \(offset) bytes: 4 GiB fit", hint: "use a .tar.gz")
        }
        _ = try write(directory, to: output)
        _ = try write(ZipRecord.end(count: entries.count, directory: directory.count, at: offset), to: output)
    }

    private static func content(
        of path: EntryPath, _ entry: FileEntry, _ tree: FileTree, _ reader: ContentReader
    ) throws(LayerArchiveError) -> [UInt8] {
        var (file, links) = (entry.kind, 0)
        while case .hardLink(let original) = file, links < 64 {
            file = tree[original]?.kind ?? file
            links += 1
        }
        switch file {
        case .directory: return []
        case .symlink(let target): return target
        case .regular(let content):
            do throws(LayerArchiveError) { return try reader.readAll(content, limit: memberLimit) } catch {
                throw LayerArchiveError(error.code, "cannot write \(path) to a zip archive: \(error.message)")
            }
        case .hardLink, .characterDevice, .blockDevice, .fifo:
            throw LayerArchiveError(
                .invalidTree, "cannot write \(path) to a zip archive: it is a \(entry.noun)")
        }
    }

    private static func write(_ bytes: [UInt8], to output: FileDescriptor) throws(LayerArchiveError) -> Int64 {
        do { _ = try output.writeAll(bytes) } catch {
            throw LayerArchiveError((error as? Errno) ?? .ioError, doing: "write the archive")
        }
        return Int64(bytes.count)
    }
}
