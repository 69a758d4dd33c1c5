package import OCIModel
package import SystemPackage

/// Where the members of a plain tar lie: the file is read once, and from then on any member at any time, so that nothing
/// has to be unpacked.
package struct TarTable: Sendable {
    /// The content of a regular member: bytes from the start of the file.
    package struct Slice: Hashable, Sendable {
        package let offset: Int64
        package let size: Int64
    }

    package let file: FilePath
    private var slices: [EntryPath: Slice] = [:]
    private var links: [EntryPath: [UInt8]] = [:]
    private let open: OpenFile

    /// Larger than any archive of an image, and few enough members for any layout.
    private static let limits = ArchiveLimits(
        totalSize: 1 << 40, memberSize: 1 << 38, members: 200_000, heldSize: 1 << 20)

    /// Reads a tar from its start to its end. Blocks.
    ///
    /// - Throws: `LayerArchiveError`: `corrupt`, also for a compressed file and for a name that stands there twice;
    ///   `escape`, `tooLarge`, `inputOutput`, `cancelled`.
    package init(reading file: FilePath, isCancelled: @escaping @Sendable () -> Bool) throws(LayerArchiveError) {
        self.file = file
        open = try OpenFile(reading: file)
        guard !(try open.isCompressed(at: 0)) else {
            throw LayerArchiveError(
                .corrupt, "cannot read \(file): it is compressed as a whole",
                hint: "decompress it first (gunzip, unzstd)")
        }
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
        switch member.kind {
        case .regular:
            guard slices[path] == nil, links[path] == nil else {
                throw LayerArchiveError(
                    .corrupt, "cannot read \(file): its member '\(member.shownPath)' is there twice")
            }
            slices[path] = Slice(offset: offset, size: member.size)
        case .symlink(let target): links[path] = target
        case .directory, .hardLink, .characterDevice, .blockDevice, .fifo: break
        }
    }

    /// The member's content; `nil` where there is no regular member of that name.
    package func slice(_ name: String) -> Slice? { (try? EntryPath(name)).flatMap { slices[$0] } }

    /// The same through one symbolic link to another member, as older `docker save` wrote for equal layers.
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

    /// Up to `count` bytes of a member, from `offset` of its content on; empty at its end.
    package func read(
        _ slice: Slice, at offset: Int64, into buffer: UnsafeMutableRawBufferPointer
    ) throws(LayerArchiveError) -> Int {
        guard offset >= 0, offset < slice.size else { return 0 }
        let count = Int(min(Int64(buffer.count), slice.size - offset))
        let part = UnsafeMutableRawBufferPointer(rebasing: buffer[..<count])
        let file = file
        guard try open.descriptor.readFully(at: slice.offset + offset, into: part, doing: "read \(file)") == count
        else {
            throw LayerArchiveError(.corrupt, "cannot read \(file): it became shorter while it was read")
        }
        return count
    }

    /// A member held in memory.
    ///
    /// - Throws: `LayerArchiveError` `tooLarge` above `limit` bytes; as `read` does.
    package func contents(_ slice: Slice, limit: Int64) throws(LayerArchiveError) -> [UInt8] {
        guard slice.size <= limit else {
            throw LayerArchiveError(
                .tooLarge, "cannot read \(file): a document of \(slice.size) bytes is more than \(limit)")
        }
        let bytes = try open.bytes(at: slice.offset, count: Int(slice.size))
        guard bytes.count == slice.size else {
            throw LayerArchiveError(.corrupt, "cannot read \(file): it became shorter while it was read")
        }
        return bytes
    }
}

/// A layer in an archive: what it is, found from its bytes.
package struct ArchivedLayer: Hashable, Sendable {
    /// Of the bytes as they are, and of what they decompress to.
    package let digest: Digest
    package let diffID: DiffID
    package let mediaType: MediaType
}

extension TarTable {
    /// Reads a member that is a layer, plain or compressed. Blocks.
    ///
    /// - Throws: `LayerArchiveError`: `corrupt`, `tooLarge`, `inputOutput`, `cancelled`.
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

extension OpenFile {
    fileprivate func isCompressed(at offset: Int64) throws(LayerArchiveError) -> Bool {
        let magic = try bytes(at: offset, count: 6)
        return MediaType(compressedLayerBeginning: magic) != nil || magic.starts(with: [0xfd, 0x37, 0x7a, 0x58, 0x5a])
    }
}
