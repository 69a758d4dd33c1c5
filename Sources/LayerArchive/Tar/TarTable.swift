package import OCIModel
package import SystemPackage

/// A table of where the members of a plain tar lie.
///
/// The tar is read through once; after that any member can be read at any time, so nothing has to be unpacked.
package struct TarTable: Sendable {
    /// The place of a regular member's content, in bytes from the start of the file.
    package struct Slice: Hashable, Sendable {
        package let offset: Int64
        package let size: Int64
    }

    package let file: FilePath
    private var slices: [EntryPath: Slice] = [:]
    private var links: [EntryPath: [UInt8]] = [:]
    private let open: OpenFile

    /// Limits that are larger than any archive of an image, with enough members for any layout.
    private static let limits = ArchiveLimits(
        totalSize: 1 << 40, memberSize: 1 << 38, members: 200_000, heldSize: 1 << 20)

    /// Reads a tar from start to end. Blocks until it is read. A pipe is first copied to the file that `spool` makes, and
    /// a compressed tar is decoded into it: from there members can be read at any time.
    ///
    /// - Throws: `LayerArchiveError` with the code `corrupt`, or `escape`, `tooLarge`, `inputOutput` or `cancelled`; the
    ///   errors of `spool`.
    package init(
        reading file: FilePath, spool: () throws -> FileDescriptor, isCancelled: @escaping @Sendable () -> Bool
    ) throws {
        self.file = file
        var open = try OpenFile(reading: file)
        if !open.isSeekable { open = try open.copied(to: spool(), limit: Self.limits.totalSize, isCancelled) }
        if try open.isCompressed { open = try open.decoded(to: spool(), limit: Self.limits.totalSize, isCancelled) }
        self.open = open
        let range = FileRange(open, name: "\(file)", offset: 0, size: try open.size())
        let stream = try DecodedStream(
            range, subject: "\(file)", filters: [], limit: Self.limits.totalSize, isCancelled: isCancelled)
        var tar = TarReader(stream, limits: Self.limits)
        while let member = try tar.next() { try add(member, at: tar.contentOffset) }
    }

    private mutating func add(_ member: TarMember, at offset: Int64) throws(LayerArchiveError) {
        let path: EntryPath
        do throws(OCIModelError) { path = try EntryPath(member.path) } catch {
            throw LayerArchiveError(.escape, "cannot read \(file): \(error.message)")
        }
        // Of members with the same name, readers that unpack an archive end up with the last.
        (slices[path], links[path]) = (nil, nil)
        switch member.kind {
        case .regular: slices[path] = Slice(offset: offset, size: member.size)
        case .symlink(let target): links[path] = target
        case .directory, .hardLink, .characterDevice, .blockDevice, .fifo: break
        }
    }

    /// Returns the place of the member's content, or `nil` if there is no regular member of that name.
    package func slice(_ name: String) -> Slice? { (try? EntryPath(name)).flatMap { slices[$0] } }

    /// Returns the place of the member's content, following at most one symbolic link to another member, as older
    /// versions of `docker save` wrote for equal layers.
    package func linkedSlice(_ name: String) -> Slice? {
        guard let path = try? EntryPath(name) else { return nil }
        if let slice = slices[path] { return slice }
        guard let target = links[path], !target.starts(with: "/".utf8) else { return nil }
        var parts = path.components.dropLast().map(Array.init)
        for part in target.split(separator: UInt8(ascii: "/")) where !part.elementsEqual(".".utf8) {
            guard part.elementsEqual("..".utf8) else {
                parts.append(Array(part))
                continue
            }
            guard parts.popLast() != nil else { return nil }
        }
        return (try? EntryPath(Array(parts.joined(separator: "/".utf8)))).flatMap { slices[$0] }
    }

    /// Reads bytes of a member into the buffer, from `offset` of its content on.
    ///
    /// - Returns: The number of bytes read; 0 at the end of the content.
    package func read(
        _ slice: Slice, at offset: Int64, into buffer: UnsafeMutableRawBufferPointer
    ) throws(LayerArchiveError) -> Int {
        guard offset >= 0, offset < slice.size else { return 0 }
        let count = Int(min(Int64(buffer.count), slice.size - offset))
        let part = UnsafeMutableRawBufferPointer(rebasing: buffer[..<count])
        let file = file
        guard try open.descriptor.readFully(at: slice.offset + offset, into: part, doing: "read \(file)") == count
        else {
            throw LayerArchiveError(.corrupt, "cannot read \(file): it shrank while it was being read")
        }
        return count
    }

    /// Returns the whole content of a member.
    ///
    /// - Throws: `LayerArchiveError` with the code `tooLarge` for more than `limit` bytes, and the codes of `read`.
    package func contents(_ slice: Slice, limit: Int64) throws(LayerArchiveError) -> [UInt8] {
        guard slice.size <= limit else {
            throw LayerArchiveError(
                .tooLarge, "cannot read \(file): a document of \(slice.size) bytes exceeds the limit of \(limit)")
        }
        let bytes = try open.bytes(at: slice.offset, count: Int(slice.size))
        guard bytes.count == slice.size else {
            throw LayerArchiveError(.corrupt, "cannot read \(file): it shrank while it was being read")
        }
        return bytes
    }
}

/// A layer in an archive, identified from its bytes.
package struct ArchivedLayer: Hashable, Sendable {
    /// The digest of the bytes as they are in the archive.
    package let digest: Digest
    /// The digest of the decompressed bytes.
    package let diffID: DiffID
    package let mediaType: MediaType
}

extension TarTable {
    /// Reads a member that is a plain or compressed layer and identifies it. Blocks until it is read.
    ///
    /// - Throws: `LayerArchiveError` with the code `corrupt`, `tooLarge`, `inputOutput` or `cancelled`.
    package func layer(
        _ slice: Slice, isCancelled: @escaping @Sendable () -> Bool
    ) throws(LayerArchiveError) -> ArchivedLayer {
        let digest = try digest(slice, compressed: false, isCancelled)
        let magic = try open.bytes(at: slice.offset, count: Int(min(4, slice.size)))
        guard let mediaType = MediaType(compressedLayerBeginning: magic) else {
            return ArchivedLayer(digest: digest, diffID: DiffID(digest), mediaType: .layerTar)
        }
        let diffID = DiffID(try self.digest(slice, compressed: true, isCancelled))
        return ArchivedLayer(digest: digest, diffID: diffID, mediaType: mediaType)
    }

    private func digest(
        _ slice: Slice, compressed: Bool, _ isCancelled: @escaping @Sendable () -> Bool
    ) throws(LayerArchiveError) -> Digest {
        let range = FileRange(open, name: "\(file)", offset: slice.offset, size: slice.size)
        var stream = try DecodedStream(
            range, subject: "a layer of \(file)", filters: compressed ? [.gzip, .zstd] : [], limit: 1 << 38,
            hashing: true, isCancelled: isCancelled)
        return try stream.finishDigest()
    }
}

extension MediaType {
    fileprivate init?(compressedLayerBeginning magic: [UInt8]) {
        if magic.starts(with: [0x1f, 0x8b]) {
            self = .layerGzip
        } else if magic.starts(with: [0x28, 0xb5, 0x2f, 0xfd]) {
            self = .layerZstd
        } else {
            return nil
        }
    }
}
