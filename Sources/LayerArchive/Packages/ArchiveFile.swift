package import SystemPackage

/// Unpacks what releases consist of: tars, plain or compressed, zips, and single files, plain or compressed; told apart by
/// their bytes.
package enum ArchiveFile {
    /// Decodes an archive once, as `DebPackage.unpack` decodes a package: writes the contents to the spool and returns
    /// everything else as the record.
    ///
    /// The record has no control members, and its date is that of the newest file.
    ///
    /// - Parameters:
    ///   - open: The archive, which nobody changes since the caller checked its digest.
    ///   - name: The archive's name in messages.
    ///   - spool: An empty file, positioned at its start. After an error its content is useless.
    ///   - limits: The most that the archive may ask for.
    ///   - isCancelled: Called for each decoded piece; if it returns `true`, the decoding stops.
    /// - Returns: The record, from which an `UnpackedPackage` can be made once the spool is in its final place.
    /// - Throws: `LayerArchiveError` with the code `escape` for a member that would leave the root, lie below a link or
    ///   take the place of another, or `tooLarge`, `corrupt`, `inputOutput` or `cancelled`.
    package static func unpack(
        _ open: OpenFile, name: String, into spool: FileDescriptor, limits: ArchiveLimits = ArchiveLimits(),
        isCancelled: @escaping @Sendable () -> Bool
    ) throws(LayerArchiveError) -> PackageRecord {
        var tree = PackageTree(subject: "the archive \(name)", spool: spool)
        func stream() throws(LayerArchiveError) -> DecodedStream {
            try DecodedStream(
                FileRange(open, name: name, offset: 0, size: try open.size()), subject: name,
                filters: Set(DecodedStream.Filter.allCases), limit: limits.totalSize, isCancelled: isCancelled)
        }
        if try open.starts(with: "PK\u{3}\u{4}") {
            try unpackZip(open, name, into: &tree, limits, isCancelled)
        } else if let file = SingleFile(name: name, beginning: try beginning(stream())) {
            try tree.add(file.member) { use throws(LayerArchiveError) in
                var content = try stream()
                while try content.next(atMost: .max, use) != nil {}
            }
        } else {
            var tar = TarReader(try stream(), limits: limits)
            while let member = try tar.next() { try tree.add(member, content: &tar) }
            _ = try tar.finish()
        }
        return try tree.record(control: [:], date: tree.newest)
    }

    /// Returns the first decoded bytes, as many as a tar's header has.
    private static func beginning(_ stream: consuming DecodedStream) throws(LayerArchiveError) -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < TarHeader.blockSize,
            try stream.next(atMost: Int64(TarHeader.blockSize - bytes.count), { bytes.append(contentsOf: $0) }) != nil
        {}
        return bytes
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
    /// Returns `count` bytes from `offset` on, or fewer at the end of the file.
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
