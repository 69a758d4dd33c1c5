import OCIModel

/// A member of a tar as its headers describe it; its content has not been read yet.
package struct TarMember: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        case regular, directory
        /// The target as raw bytes, as it is in the tar.
        case symlink(target: [UInt8])
        case hardLink(target: [UInt8])
        case characterDevice(major: UInt32, minor: UInt32)
        case blockDevice(major: UInt32, minor: UInt32)
        case fifo
    }

    /// The path as it is in the tar: `./usr/bin/`, or anything that a hostile archive may contain.
    package var path: [UInt8]
    package var kind: Kind
    package var mode: UInt16
    package var userID: UInt32
    package var groupID: UInt32
    /// The size of the content in bytes; 0 for all but regular files.
    package var size: Int64
    /// The modification time in whole seconds since the epoch; fractions are rounded down.
    package var modified: Int64
    package var attributes: [String: [UInt8]]
    /// The records under vendors' keywords, which contain a period (`MSWINDOWS.rawsd`); extended attributes are not
    /// among them.
    package var paxRecords: [String: String]

    /// The path as text for messages.
    package var shownPath: String { shown(path) }
}

extension TarMember {
    /// Creates a regular file that no header describes. Its content may have any size.
    init(file path: [UInt8], mode: UInt16) {
        (self.path, self.mode, kind) = (path, mode, .regular)
        (userID, groupID, size, modified) = (0, 0, 0, 0)
        (attributes, paxRecords) = ([:], [:])
    }

    struct Malformed: Error {
        let reason: String
        init(_ reason: String) { self.reason = reason }
    }

    init(_ header: Header, _ overrides: TarReader.Overrides) throws(Malformed) {
        // An empty value removes an earlier one (POSIX, "pax Extended Header"), but an extended attribute may be empty.
        // Vendors' records are kept as they are, for those who know them.
        let records = overrides.records.filter { !$0.value.isEmpty || $0.key.contains(".") }
        guard !records.keys.contains(where: { $0.hasPrefix("GNU.sparse.") }) else {
            throw Malformed("it holds a sparse file, which is not supported")
        }
        path = records["path"] ?? overrides.longName ?? header.path
        mode = header.mode
        userID = try Self.number(records["uid"], or: header.userID, "user id")
        groupID = try Self.number(records["gid"], or: header.groupID, "group id")
        size = try Self.number(records["size"], or: header.size, "size")
        modified = try Self.time(records["mtime"]) ?? header.modified
        attributes = [:]
        for (keyword, value) in records where keyword.hasPrefix("SCHILY.xattr.") {
            attributes[String(keyword.dropFirst("SCHILY.xattr.".count))] = value
        }
        let vendors = records.filter { $0.key.contains(".") && !$0.key.hasPrefix("SCHILY.xattr.") }
        paxRecords = vendors.mapValues { String(decoding: $0, as: UTF8.self) }
        let link = records["linkpath"] ?? overrides.longLink ?? header.link
        kind = try Self.kind(header, path: path, link: link)
        guard size >= 0 else { throw Malformed("a member's size is negative") }
        guard size == 0 || kind == .regular else {
            throw Malformed("its member '\(shownPath)' has content but is not a regular file")
        }
    }

    private static func kind(_ header: Header, path: [UInt8], link: [UInt8]) throws(Malformed) -> Kind {
        switch header.type {
        // Before POSIX, a directory was a file whose name ends with a slash.
        case 0: path.last == UInt8(ascii: "/") ? .directory : .regular
        case UInt8(ascii: "0"), UInt8(ascii: "7"): .regular
        case UInt8(ascii: "1"): .hardLink(target: link)
        case UInt8(ascii: "2"): .symlink(target: link)
        case UInt8(ascii: "3"): .characterDevice(major: header.major, minor: header.minor)
        case UInt8(ascii: "4"): .blockDevice(major: header.major, minor: header.minor)
        case UInt8(ascii: "5"): .directory
        case UInt8(ascii: "6"): .fifo
        default:
            throw Malformed("it holds a member of the unknown type '\(String(decoding: [header.type], as: UTF8.self))'")
        }
    }

    private static func number<Value: FixedWidthInteger>(
        _ record: [UInt8]?, or field: Int64, _ what: String
    ) throws(Malformed) -> Value {
        let value = record.map { Value(String(decoding: $0, as: UTF8.self)) } ?? Value(exactly: field)
        guard let value else { throw Malformed("a member's \(what) is not a number that fits") }
        return value
    }

    /// Reads seconds with an optional fraction, rounded down as `stat` does.
    private static func time(_ record: [UInt8]?) throws(Malformed) -> Int64? {
        guard let record else { return nil }
        let parts = record.split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = parts.first, let seconds = Int64(String(decoding: whole, as: UTF8.self)) else {
            throw Malformed("a member's time is not a number")
        }
        let isFractional = parts.count == 2 && parts[1].contains { $0 != UInt8(ascii: "0") }
        return isFractional && whole.first == UInt8(ascii: "-") && seconds > .min ? seconds - 1 : seconds
    }

    /// Reads records of the form `LENGTH KEYWORD=VALUE\n`, which follow one another.
    static func records(_ bytes: [UInt8]) throws(Malformed) -> [String: [UInt8]] {
        var records: [String: [UInt8]] = [:]
        var rest = bytes[...]
        while !rest.isEmpty {
            guard let space = rest.prefix(20).firstIndex(of: UInt8(ascii: " ")),
                let length = Int(String(decoding: rest[..<space], as: UTF8.self)),
                length > space - rest.startIndex + 2, length <= rest.count
            else { throw Malformed("a PAX record's length is wrong") }
            let record = rest[(space + 1)..<(rest.startIndex + length)]
            guard record.last == UInt8(ascii: "\n"), let equals = record.firstIndex(of: UInt8(ascii: "=")) else {
                throw Malformed("a PAX record is not of the form 'keyword=value'")
            }
            let keyword = record[..<equals]
            guard let name = String(validating: keyword, as: UTF8.self) else {
                throw Malformed("a PAX record's keyword, '\(shown(keyword))', is not UTF-8")
            }
            records[name] = Array(record[(equals + 1)...].dropLast())
            rest = rest.dropFirst(length)
        }
        return records
    }
}
