import OCIModel

/// The headers of one member of a zip archive (APPNOTE.TXT 4.3.7, 4.3.12, 4.3.16).
struct ZipRecord {
    private let name: [UInt8]
    private let mode: UInt32
    private let isDirectory: Bool
    private let size: UInt32
    private let checksum: UInt32
    private let compressedSize: UInt32
    private let isDeflated: Bool
    private let modified: Int64
    private let offset: UInt32

    /// Describes a member whose local header is at `offset`; `compressedSize` is `nil` for a content that is stored as it is.
    init(
        _ path: EntryPath, _ entry: FileEntry, _ content: [UInt8], compressedSize: Int?, at offset: Int64
    ) throws(LayerArchiveError) {
        isDirectory = entry.kind == .directory
        name = path.bytes + (isDirectory ? [UInt8(ascii: "/")] : [])
        switch entry.kind {
        case .directory: mode = 0o040000 | UInt32(entry.mode & 0o7777)
        case .symlink: mode = 0o120777
        default: mode = 0o100000 | UInt32(entry.mode & 0o7777)
        }
        guard name.count <= 0xffff, offset + Int64(content.count) < 0xffff_ffff else {
            throw LayerArchiveError(
                .tooLarge, "cannot write \(path) to a zip archive: it would be longer than 4 GiB", hint: "use a .tar.gz"
            )
        }
        size = UInt32(content.count)
        checksum = Deflater.checksum(content)
        isDeflated = compressedSize != nil
        self.compressedSize = UInt32(compressedSize ?? content.count)
        modified = entry.modified
        self.offset = UInt32(offset)
    }

    /// The header before the content.
    var localHeader: [UInt8] {
        [0x50, 0x4b, 3, 4] + fields + UInt16(name.count).bytes + UInt16(time.count).bytes + name + time
    }

    /// The header in the list at the archive's end.
    var centralHeader: [UInt8] {
        let attributes = mode << 16 | (isDirectory ? 0x10 : 0)
        var bytes: [UInt8] = [0x50, 0x4b, 1, 2, 20, 3] + fields + UInt16(name.count).bytes + UInt16(time.count).bytes
        // No comment, the first volume, and no hint that the content is text.
        bytes += [0, 0, 0, 0, 0, 0] + attributes.bytes + offset.bytes
        return bytes + name + time
    }

    /// Returns the record that ends the archive, behind a list of `directory` bytes at an offset that the caller has checked.
    static func end(count: Int, directory: Int, at offset: Int64) -> [UInt8] {
        let count = UInt16(clamping: count).bytes
        return [0x50, 0x4b, 5, 6, 0, 0, 0, 0] + count + count + UInt32(clamping: directory).bytes
            + UInt32(clamping: offset).bytes + [0, 0]
    }

    /// The fields that both headers share, from the version that is needed to the sizes.
    private var fields: [UInt8] {
        let flags: UInt16 = name.isPlainASCII ? 0 : 1 << 11  // the name is UTF-8
        return UInt16(20).bytes + flags.bytes + UInt16(isDeflated ? 8 : 0).bytes + dosTime.bytes + checksum.bytes
            + compressedSize.bytes + size.bytes
    }

    /// The time in MS-DOS's form, which has no time zone: here UTC; in steps of two seconds, from 1980 to 2107.
    private var dosTime: UInt32 {
        let earliest = Timestamp.days(year: 1980, month: 1, day: 1) * 86400
        let latest = Timestamp.days(year: 2108, month: 1, day: 1) * 86400 - 1
        let seconds = min(max(modified, earliest), latest)
        let (year, month, day) = Timestamp.date(days: seconds / 86400)
        let date = UInt32(year - 1980) << 9 | UInt32(month) << 5 | UInt32(day)
        let second = UInt32(seconds % 86400)
        return date << 16 | (second / 3600) << 11 | (second / 60 % 60) << 5 | second % 60 / 2
    }

    /// The extra field "extended timestamp" with the time in seconds since the epoch, which programs on Unix restore
    /// in any time zone. It ends in 2038.
    private var time: [UInt8] {
        guard let seconds = Int32(exactly: modified) else { return [] }
        return [0x55, 0x54, 5, 0, 1] + UInt32(bitPattern: seconds).bytes
    }
}

extension FixedWidthInteger {
    /// The number, little-endian.
    fileprivate var bytes: [UInt8] { withUnsafeBytes(of: littleEndian) { Array($0) } }
}
