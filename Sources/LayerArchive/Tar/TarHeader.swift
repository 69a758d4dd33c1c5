import OCIModel

/// The headers before a member's content in a tar: a ustar block, preceded by a PAX extended header if ustar cannot
/// express everything (POSIX.1-2017, pax, "ustar Interchange Format" and "pax Extended Header").
///
/// User and group names stay empty, and numbers never take another dialect's form, so an entry has exactly one
/// encoding.
enum TarHeader {
    static let blockSize = 512

    static func bytes(
        path: EntryPath, entry: FileEntry, hasBareDirectoryName: Bool = false
    ) throws(LayerArchiveError) -> [UInt8] {
        var block = UstarBlock(path: path, entry: entry)
        if entry.kind == .directory, hasBareDirectoryName { block.name.removeLast() }
        let records = try PaxRecords(describing: &block, path: path, entry: entry)
        return records.bytes + block.bytes
    }

    /// Returns the number of zero bytes that fill up the last block of the content.
    static func padding(after size: Int64) -> Int { Int(-size & Int64(blockSize - 1)) }
}

/// The fields of a ustar block with their intended values; `PaxRecords` first replaces those that do not fit, so
/// `bytes` truncates nothing silently.
struct UstarBlock {
    var name: [UInt8]
    var prefix: [UInt8] = []
    var mode: UInt16
    var userID: UInt64
    var groupID: UInt64
    var size: Int64 = 0
    var modified: Int64
    var type: UInt8
    var link: [UInt8] = []
    var major: UInt64 = 0
    var minor: UInt64 = 0

    init(name: [UInt8], type: UInt8, mode: UInt16, size: Int64) {
        (self.name, self.type, self.mode, self.size) = (name, type, mode, size)
        (userID, groupID, modified) = (0, 0, 0)
    }

    init(path: EntryPath, entry: FileEntry) {
        name = path.bytes
        mode = entry.mode & 0o7777
        (userID, groupID, modified) = (UInt64(entry.userID), UInt64(entry.groupID), entry.modified)
        switch entry.kind {
        case .regular(let content):
            type = UInt8(ascii: "0")
            size = content.size
        case .hardLink(let target):
            type = UInt8(ascii: "1")
            link = target.bytes
        case .symlink(let target):
            type = UInt8(ascii: "2")
            // The kernel ignores a symlink's mode and always shows 0777.
            mode = 0o777
            link = target
        case .characterDevice(let major, let minor):
            type = UInt8(ascii: "3")
            (self.major, self.minor) = (UInt64(major), UInt64(minor))
        case .blockDevice(let major, let minor):
            type = UInt8(ascii: "4")
            (self.major, self.minor) = (UInt64(major), UInt64(minor))
        case .directory:
            type = UInt8(ascii: "5")
            name.append(UInt8(ascii: "/"))
        case .fifo:
            type = UInt8(ascii: "6")
        }
    }

    var bytes: [UInt8] {
        var block = [UInt8](repeating: 0, count: TarHeader.blockSize)
        func put(_ bytes: [UInt8], at offset: Int) { block.replaceSubrange(offset..<offset + bytes.count, with: bytes) }
        put(name, at: 0)
        put(Self.octal(UInt64(mode), digits: 7), at: 100)
        put(Self.octal(userID, digits: 7), at: 108)
        put(Self.octal(groupID, digits: 7), at: 116)
        put(Self.octal(UInt64(clamping: size), digits: 11), at: 124)
        put(Self.octal(UInt64(clamping: modified), digits: 11), at: 136)
        put(Array("        ".utf8), at: 148)
        block[156] = type
        put(link, at: 157)
        put(Array("ustar\u{0}00".utf8), at: 257)
        put(Self.octal(major, digits: 7), at: 329)
        put(Self.octal(minor, digits: 7), at: 337)
        put(prefix, at: 345)
        let sum = block.reduce(0) { $0 + UInt64($1) }
        put(Self.octal(sum, digits: 6) + [0, UInt8(ascii: " ")], at: 148)
        return block
    }

    /// Returns zero-padded octal digits. Only the lowest `digits` are kept, so the caller checks the range first.
    private static func octal(_ value: UInt64, digits: Int) -> [UInt8] {
        (0..<digits).reversed().map { UInt8(ascii: "0") + UInt8(value >> UInt64(3 * $0) & 7) }
    }
}
