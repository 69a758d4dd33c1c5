import SystemPackage

/// The members of a `.deb`'s outer archive (deb(5)) and where each lies in the file.
struct DebMembers {
    struct Member {
        let name: String
        let offset: Int64
        /// The size in bytes.
        let size: Int64
        /// The modification time in seconds since the epoch.
        let modified: Int64
    }

    /// The bytes that an ar archive begins with.
    static let magic = "!<arch>\n"

    let marker: Member
    let control: Member
    let data: Member

    /// Reads the ar headers and checks the format's version.
    init(_ file: OpenFile, name: String) throws(LayerArchiveError) {
        let members = try Self.list(file, name)
        guard members.count >= 3, members[0].name == "debian-binary" else {
            throw Self.corrupt(name, "its members are not those of a Debian package")
        }
        let version = try file.bytes(at: members[0].offset, count: Int(min(members[0].size, 64)))
        guard version.starts(with: "2.".utf8) else {
            throw Self.corrupt(
                name, "its format '\(String(decoding: version.prefix(16), as: UTF8.self))' is not 2.x")
        }
        guard Self.isTar(members[1].name, "control.tar"), Self.isTar(members[2].name, "data.tar") else {
            throw Self.corrupt(
                name, "its members '\(members[1].name)' and '\(members[2].name)' are not control.tar and data.tar")
        }
        (marker, control, data) = (members[0], members[1], members[2])
    }

    /// Returns the compressions that deb(5) allows for the archive of this name, or `nil` if it allows none of that
    /// name.
    static func filters(_ name: String) -> Set<DecodedStream.Filter>? {
        switch name.split(separator: ".").dropFirst(2).first {
        case nil: []
        case "gz": [.gzip]
        case "xz": [.xz]
        case "zst": [.zstd]
        case "bz2" where name.hasPrefix("data"): [.bzip2]
        case "lzma" where name.hasPrefix("data"): [.lzma]
        default: nil
        }
    }

    private static func isTar(_ name: String, _ stem: String) -> Bool {
        (name == stem || name.hasPrefix(stem + ".")) && filters(name) != nil
    }

    /// Returns the first members up to data.tar. Members whose names begin with `_` are skipped, as deb(5) requires.
    private static func list(_ file: OpenFile, _ name: String) throws(LayerArchiveError) -> [Member] {
        let size = try file.size()
        guard try file.bytes(at: 0, count: magic.utf8.count).elementsEqual(magic.utf8) else {
            throw corrupt(name, "it is not an ar archive")
        }
        var members: [Member] = []
        var offset: Int64 = 8
        for _ in 0..<64 where members.count < 3 && offset < size {
            let member = try header(file, name, at: offset)
            guard member.size <= size - member.offset else {
                throw corrupt(name, "its member '\(member.name)' is cut short")
            }
            if !member.name.hasPrefix("_") { members.append(member) }
            offset = member.offset + member.size + (member.size & 1)
        }
        return members
    }

    private static func header(_ file: OpenFile, _ package: String, at offset: Int64) throws(LayerArchiveError)
        -> Member
    {
        let bytes = try file.bytes(at: offset, count: 60)
        guard bytes.count == 60, bytes[58...].elementsEqual("`\n".utf8), let size = number(bytes[48..<58]),
            let modified = number(bytes[16..<28])
        else { throw corrupt(package, "the ar header at byte \(offset) is damaged") }
        let name = bytes[0..<16].prefix { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "/") }
        return Member(
            name: String(decoding: name, as: UTF8.self), offset: offset + 60, size: size, modified: modified)
    }

    private static func number(_ field: ArraySlice<UInt8>) -> Int64? {
        let digits = field.prefix { $0 != UInt8(ascii: " ") }
        guard digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return Int64(String(decoding: digits, as: UTF8.self))
    }

    private static func corrupt(_ name: String, _ reason: String) -> LayerArchiveError {
        LayerArchiveError(
            .corrupt, "cannot open the package \(name): \(reason)", hint: LayerArchiveError.damageHint)
    }
}
