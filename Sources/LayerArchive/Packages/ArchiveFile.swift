package import SystemPackage

/// Opens release archives: `.tar.gz`, `.tar.xz`, `.tar` and `.zip`, told apart by their bytes.
package enum ArchiveFile {
    /// Decodes an archive once, as `DebPackage.unpack` does a package: contents into the spool, all else into the record,
    /// whose date is that of the newest file and whose control members are none.
    ///
    /// The caller has checked the archive's digest; messages call it `name`. The spool is an empty file, at its start; after
    /// an error it is worth nothing.
    ///
    /// - Throws: `LayerArchiveError`: `escape` for a member that would leave the root, lie below a link or take another's
    ///   place; `tooLarge`; `corrupt`; `inputOutput`; `cancelled`.
    package static func unpack(
        file: FilePath, name: String, into spool: FileDescriptor, limits: ArchiveLimits = ArchiveLimits(),
        isCancelled: @escaping @Sendable () -> Bool
    ) throws(LayerArchiveError) -> PackageRecord {
        let open = try OpenFile(reading: file)
        var tree = PackageTree(subject: "the archive \(name)", spool: spool)
        if try open.starts(with: "PK\u{3}\u{4}") {
            try unpackZip(open, name, into: &tree, limits, isCancelled)
        } else {
            let range = FileRange(open, name: name, offset: 0, size: try open.size())
            let stream = try DecodedStream(
                range, subject: name, filters: [.gzip, .xz], limit: limits.totalSize, isCancelled: isCancelled)
            var tar = TarReader(stream, limits: limits)
            while let member = try tar.next() { try tree.add(member, content: &tar) }
            _ = try tar.finish()
        }
        return try tree.record(control: [:], date: tree.newest)
    }

    private static func unpackZip(
        _ file: OpenFile, _ name: String, into tree: inout PackageTree, _ limits: ArchiveLimits,
        _ isCancelled: @escaping @Sendable () -> Bool
    ) throws(LayerArchiveError) {
        var total: Int64 = 0
        for member in try ZipDirectory(file, name: name, limits: limits).members {
            total += member.tar.size
            guard total <= limits.totalSize else {
                throw LayerArchiveError(.tooLarge, "cannot open \(name): it holds more than \(limits.totalSize) bytes")
            }
            try tree.add(member.tar) { use throws(LayerArchiveError) in
                try member.readContent(of: file, name, isCancelled, use)
            }
        }
    }
}

extension OpenFile {
    /// Up to `count` bytes at an offset; fewer at the end of the file.
    func bytes(at offset: Int64, count: Int) throws(LayerArchiveError) -> [UInt8] {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 1)
        defer { buffer.deallocate() }
        let path = path
        let read = try descriptor.readFully(at: offset, into: buffer, doing: "read \(path)")
        return Array(buffer[..<read])
    }

    fileprivate func starts(with magic: String) throws(LayerArchiveError) -> Bool {
        try bytes(at: 0, count: magic.utf8.count).elementsEqual(magic.utf8)
    }
}
