import OCIModel

/// The keyword records of a PAX extended header, which are written in the byte order of the keywords.
struct PaxRecords {
    private var values: [String: [UInt8]] = [:]

    /// Collects the values that `block` cannot hold, and replaces each in the block by something short and harmless.
    init(describing block: inout UstarBlock, path: EntryPath, entry: FileEntry) throws(LayerArchiveError) {
        moveName(of: &block)
        if case .symlink(let target) = entry.kind, target.isEmpty || target.contains(0) {
            throw LayerArchiveError(
                .invalidTree, "cannot write \(path) to a layer: its target is empty or holds a NUL byte")
        }
        if block.link.count > 100 || !block.link.isPlainASCII {
            values["linkpath"] = block.link
            block.link = Self.replacement(for: block.link)
        }
        moveNumbers(of: &block)
        guard block.major < 1 << 21, block.minor < 1 << 21 else {
            throw LayerArchiveError(
                .invalidTree, "cannot write \(path) to a layer: its device number does not fit a tar")
        }
        for (name, value) in entry.attributes {
            guard !name.isEmpty, !name.utf8.contains(UInt8(ascii: "=")), !name.utf8.contains(0) else {
                throw LayerArchiveError(
                    .invalidTree, "cannot write \(path) to a layer: a tar cannot hold the attribute name '\(name)'")
            }
            values["SCHILY.xattr." + name] = value
        }
        try addVendorRecords(of: entry, at: path)
        // POSIX requires UTF-8 in records unless they say otherwise; Linux names may be any bytes.
        let names = [values["path"], values["linkpath"]].compactMap { $0 }
        if names.contains(where: { String(validating: $0, as: UTF8.self) == nil }) {
            values["hdrcharset"] = Array("BINARY".utf8)
        }
    }

    /// Adds the records under vendors' keywords. Keywords without a period are POSIX's own, and an empty value would
    /// remove a record instead of setting it.
    private mutating func addVendorRecords(of entry: FileEntry, at path: EntryPath) throws(LayerArchiveError) {
        for (keyword, value) in entry.paxRecords {
            let isVendors =
                keyword.utf8.contains(UInt8(ascii: ".")) && !keyword.hasPrefix("SCHILY.xattr.")
                && keyword.utf8.allSatisfy { (0x21..<0x7f).contains($0) && $0 != UInt8(ascii: "=") }
            guard isVendors, !value.isEmpty else {
                throw LayerArchiveError(
                    .invalidTree,
                    "cannot write \(path) to a layer: '\(keyword)=\(value)' is not a PAX record of a vendor")
            }
            values[keyword] = Array(value.utf8)
        }
    }

    private mutating func moveName(of block: inout UstarBlock) {
        if block.name.isPlainASCII {
            if block.name.count <= 100 { return }
            if let slash = Self.prefixEnd(of: block.name) {
                block.prefix = Array(block.name[..<slash])
                block.name = Array(block.name[(slash + 1)...])
                return
            }
        }
        values["path"] = block.name
        block.name = Self.replacement(for: block.name)
    }

    private mutating func moveNumbers(of block: inout UstarBlock) {
        if block.size >= 1 << 33 {
            values["size"] = Array("\(block.size)".utf8)
            block.size = 0
        }
        if block.modified < 0 || block.modified >= 1 << 33 {
            values["mtime"] = Array("\(block.modified)".utf8)
            block.modified = 0
        }
        if block.userID >= 1 << 21 {
            values["uid"] = Array("\(block.userID)".utf8)
            block.userID = 0
        }
        if block.groupID >= 1 << 21 {
            values["gid"] = Array("\(block.groupID)".utf8)
            block.groupID = 0
        }
    }

    /// The extended header as a tar member of its own; empty if there are no records.
    var bytes: [UInt8] {
        guard !values.isEmpty else { return [] }
        let sorted = values.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        let body = sorted.flatMap { Self.record($0.key, $0.value) }
        // Only readers that do not know PAX see the name; a fixed one keeps the header short and always the same.
        let header = UstarBlock(
            name: Array("PaxHeader".utf8), type: UInt8(ascii: "x"), mode: 0o644, size: Int64(body.count))
        return header.bytes + body + [UInt8](repeating: 0, count: TarHeader.padding(after: Int64(body.count)))
    }

    /// Returns the record `LENGTH KEYWORD=VALUE\n`, where LENGTH counts its own digits too.
    private static func record(_ keyword: String, _ value: [UInt8]) -> [UInt8] {
        let rest = keyword.utf8.count + value.count + 3  // space, equals sign, newline
        var length = rest
        while length != rest + "\(length)".utf8.count { length = rest + "\(length)".utf8.count }
        return Array("\(length) \(keyword)=".utf8) + value + [UInt8(ascii: "\n")]
    }

    /// Returns the index of the leftmost `/` that leaves at most 155 bytes before it and 1...100 after it.
    private static func prefixEnd(of name: [UInt8]) -> Int? {
        name.indices.first { index in
            name[index] == UInt8(ascii: "/") && (1...155).contains(index) && (1...100).contains(name.count - index - 1)
        }
    }

    private static func replacement(for name: [UInt8]) -> [UInt8] {
        name.prefix(100).map { (0x20..<0x7f).contains($0) ? $0 : UInt8(ascii: "_") }
    }
}

extension [UInt8] {
    var isPlainASCII: Bool { allSatisfy { (0x01..<0x80).contains($0) } }
}
