import SystemPackage

/// Files that are copied before they are read, because they cannot be read at any offset as they are.
extension OpenFile {
    /// Whether the file can be read at any offset, which a pipe cannot.
    var isSeekable: Bool { (try? descriptor.seek(offset: 0, from: .current)) != nil }

    /// Whether the file is compressed as a whole, as its first bytes tell.
    var isCompressed: Bool {
        get throws(LayerArchiveError) {
            let magic = try bytes(at: 0, count: 6)
            let known: [[UInt8]] = [
                [0x1f, 0x8b], [0x28, 0xb5, 0x2f, 0xfd], [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00], Array("BZh".utf8),
            ]
            return known.contains { magic.starts(with: $0) }
        }
    }

    /// Copies everything that can be read to another file, and returns that.
    func copied(
        to spool: FileDescriptor, limit: Int64, _ isCancelled: () -> Bool
    ) throws(LayerArchiveError) -> OpenFile {
        let copy = OpenFile(path, spool)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
        defer { buffer.deallocate() }
        var total: Int64 = 0
        while true {
            guard !isCancelled() else {
                throw LayerArchiveError(.cancelled, "cannot finish reading \(path): cancelled")
            }
            let count: Int
            do { count = try descriptor.read(into: buffer) } catch {
                throw LayerArchiveError((error as? Errno) ?? .ioError, doing: "read \(path)")
            }
            guard count > 0 else { return copy }
            total += Int64(count)
            guard total <= limit else {
                throw LayerArchiveError(.tooLarge, "cannot read \(path): it has more than \(limit) bytes")
            }
            try spool.writeFully(
                UnsafeRawBufferPointer(rebasing: buffer[..<count]), doing: "copy \(path) to a temporary file")
        }
    }

    /// Decompresses the file to another, and returns that.
    func decoded(
        to spool: FileDescriptor, limit: Int64, _ isCancelled: @escaping @Sendable () -> Bool
    ) throws(LayerArchiveError) -> OpenFile {
        let copy = OpenFile(path, spool)
        let range = FileRange(self, name: "\(path)", offset: 0, size: try size())
        var stream = try DecodedStream(
            range, subject: "\(path)", filters: [.gzip, .bzip2, .xz, .zstd], limit: limit, isCancelled: isCancelled)
        let path = path
        while try stream.next(
            atMost: .max,
            { bytes throws(LayerArchiveError) in
                try spool.writeFully(bytes, doing: "decompress \(path) to a temporary file")
            }) != nil
        {}
        return copy
    }
}
