import OCIModel

/// The members of a zip archive, read from its central directory (APPNOTE.TXT 4.3.12).
///
/// libarchive is not used here, because it reads names in the process's locale and times in the machine's time zone.
struct ZipDirectory {
    private static let headerSize = 46
    private static let endSize = 22
    private static let sizeLimit = 64 << 20

    let members: [ZipMember]

    /// Reads the central directory.
    ///
    /// - Throws: `LayerArchiveError` with the code `corrupt`, also for features that are not supported (encryption,
    ///   zip64), or `tooLarge` or `inputOutput`.
    init(_ file: OpenFile, name: String, limits: ArchiveLimits) throws(LayerArchiveError) {
        func refused(_ reason: String) -> LayerArchiveError {
            LayerArchiveError(.corrupt, "cannot open the archive \(name): \(reason)", hint: "fetch it again")
        }
        let size = try file.size()
        let tail = try file.bytes(at: max(0, size - 65557), count: Int(min(size, 65557)))
        let signature: [UInt8] = [0x50, 0x4b, 5, 6]
        // The comment at the end has any length; the end record, with it, must reach exactly to the end of the file.
        let places = stride(from: tail.count - Self.endSize, through: 0, by: -1)
        guard
            let end = places.first(where: { place in
                tail[place...].starts(with: signature)
                    && place + Self.endSize + Int(tail.littleEndian16(place + 20)) == tail.count
            })
        else { throw refused("its list of members is missing; it is cut short") }
        let (count, length) = (Int(tail.littleEndian16(end + 10)), Int(tail.littleEndian32(end + 12)))
        let offset = Int64(tail.littleEndian32(end + 16))
        guard count < 0xffff, offset < 0xffff_ffff else {
            throw refused("it is a zip64 archive, which is not supported")
        }
        guard count <= limits.members, length <= Self.sizeLimit else {
            throw LayerArchiveError(.tooLarge, "cannot open the archive \(name): it has \(count) members")
        }
        let bytes = try file.bytes(at: offset, count: length)
        guard bytes.count == length else { throw refused("its list of members is cut short") }
        var members: [ZipMember] = []
        var place = 0
        for _ in 0..<count {
            guard let (member, next) = ZipMember.parse(bytes, at: place) else {
                throw refused(
                    "its list of members is damaged, or a member is encrypted, of an unknown kind, or of 4 GiB or more")
            }
            guard member.tar.size <= limits.memberSize else {
                throw LayerArchiveError(
                    .tooLarge, "cannot open the archive \(name): '\(member.tar.shownPath)' has \(member.tar.size) bytes"
                )
            }
            members.append(member)
            place = next
        }
        self.members = members
    }
}

/// A file or folder of a zip archive.
struct ZipMember {
    var tar: TarMember
    private var offset: Int64
    private var compressedSize: Int64
    private var isDeflated: Bool
    private var checksum: [UInt8]

    /// Reads the central header at an offset.
    ///
    /// - Returns: The member and the offset of the next header, or `nil` if the header is damaged or not supported.
    fileprivate static func parse(_ bytes: [UInt8], at place: Int) -> (ZipMember, next: Int)? {
        guard place + 46 <= bytes.count, bytes[place...].starts(with: [0x50, 0x4b, 1, 2]) else { return nil }
        let nameSize = Int(bytes.littleEndian16(place + 28))
        let next = place + 46 + nameSize + Int(bytes.littleEndian16(place + 30)) + Int(bytes.littleEndian16(place + 32))
        guard next <= bytes.count else { return nil }
        let (method, isEncrypted) = (bytes.littleEndian16(place + 10), bytes[place + 8] & 1 != 0)
        let sizes = [20, 24, 42].map { Int64(bytes.littleEndian32(place + $0)) }
        guard [0, 8].contains(method), !isEncrypted, sizes.allSatisfy({ $0 < 0xffff_ffff }) else { return nil }
        let path = Array(bytes[(place + 46)..<(place + 46 + nameSize)])
        // The upper half holds Unix permissions if the archive was made on Unix.
        let attributes = bytes[place + 5] == 3 ? UInt16(bytes.littleEndian32(place + 38) >> 16) : 0
        let isDirectory = path.last == UInt8(ascii: "/")
        guard [0, isDirectory ? 0o040000 : 0o100000].contains(attributes & 0o170000) else { return nil }
        let mode = attributes & 0o7777
        let member = TarMember(
            path: path, kind: isDirectory ? .directory : .regular, mode: mode != 0 ? mode : isDirectory ? 0o755 : 0o644,
            userID: 0, groupID: 0, size: isDirectory ? 0 : sizes[1], modified: time(bytes, at: place + 12),
            attributes: [:], paxRecords: [:])
        return (
            ZipMember(
                tar: member, offset: sizes[2], compressedSize: sizes[0], isDeflated: method == 8,
                checksum: Array(bytes[(place + 16)..<(place + 20)])), next
        )
    }

    /// Returns an MS-DOS date and time, which has no time zone, taken as UTC on every machine.
    private static func time(_ bytes: [UInt8], at place: Int) -> Int64 {
        let (time, date) = (Int64(bytes.littleEndian16(place)), Int64(bytes.littleEndian16(place + 2)))
        let day = Timestamp.days(year: 1980 + date >> 9, month: max(1, date >> 5 & 15), day: max(1, date & 31))
        return day * 86400 + (time >> 11) * 3600 + (time >> 5 & 63) * 60 + (time & 31) * 2
    }

    /// Passes the contents to `use` in pieces; they must have the size that the directory states.
    func readContent(
        of file: OpenFile, _ name: String, _ isCancelled: @escaping @Sendable () -> Bool,
        _ use: (UnsafeRawBufferPointer) throws(LayerArchiveError) -> Void
    ) throws(LayerArchiveError) {
        guard tar.kind == .regular else { return }
        let subject = "\(tar.shownPath) of \(name)"
        let header = try file.bytes(at: offset, count: 30)
        guard header.count == 30, header.starts(with: [0x50, 0x4b, 3, 4]) else {
            throw damaged(subject, "its header is missing")
        }
        let start = offset + 30 + Int64(header.littleEndian16(26)) + Int64(header.littleEndian16(28))
        // With a gzip frame around the deflated bytes, libarchive decodes them as a stream.
        let frame: [UInt8] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]
        let size = UInt32(truncatingIfNeeded: tar.size).littleEndian
        let trailer = checksum + withUnsafeBytes(of: size) { Array($0) }
        let range = FileRange(
            file, name: subject, offset: start, size: compressedSize, prefix: isDeflated ? frame : [],
            suffix: isDeflated ? trailer : [])
        var stream = try DecodedStream(
            range, subject: subject, filters: isDeflated ? [.gzip] : [], limit: tar.size, isCancelled: isCancelled)
        while try stream.next(atMost: .max, use) != nil {}
        guard stream.decodedSize == tar.size else {
            throw damaged(subject, "it has \(stream.decodedSize) bytes, not \(tar.size)")
        }
    }

    private func damaged(_ subject: String, _ reason: String) -> LayerArchiveError {
        LayerArchiveError(.corrupt, "cannot read \(subject): \(reason)", hint: "the archive is damaged; fetch it again")
    }
}

extension [UInt8] {
    /// The number at an offset, which is in bounds because the callers have checked the header's size.
    fileprivate func littleEndian16(_ place: Int) -> UInt16 { UInt16(self[place]) | UInt16(self[place + 1]) << 8 }
    fileprivate func littleEndian32(_ place: Int) -> UInt32 {
        UInt32(littleEndian16(place)) | UInt32(littleEndian16(place + 2)) << 16
    }
}
