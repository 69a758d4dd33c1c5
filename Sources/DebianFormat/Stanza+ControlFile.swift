extension Stanza {
    /// The largest size: 1 MiB, far more than any package's control file.
    private static let controlFileLimit = 1 << 20

    /// Reads a file that contains one stanza and nothing else, as a package's `control` does.
    ///
    /// White space at the file's end is replaced by one newline, because readers drop a last line without one.
    ///
    /// - Throws: `DebianFormatError(.corrupt)` for text that is not UTF-8, a line outside every field, such as the
    ///   empty one between two stanzas, and a field that occurs twice. The message has the file as its subject:
    ///   "is not UTF-8".
    package init(controlFile bytes: [UInt8]) throws(DebianFormatError) {
        guard bytes.count <= Self.controlFileLimit else {
            throw DebianFormatError(.corrupt, "is \(bytes.count) bytes long, more than 1 MiB")
        }
        guard String(validating: bytes, as: UTF8.self) != nil else { throw DebianFormatError(.corrupt, "is not UTF-8") }
        let newline = UInt8(ascii: "\n")
        var lines = bytes.split(separator: newline, omittingEmptySubsequences: false)
        while let last = lines.last, last.trimmed.isEmpty { lines.removeLast() }
        var names: Set<String> = []
        for line in lines where names.isEmpty || line.first?.isBlank != true {
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon != line.startIndex else {
                throw DebianFormatError(
                    .corrupt, "has the line '\(String(decoding: line.prefix(80), as: UTF8.self))', which is not a field"
                )
            }
            let name = String(decoding: line[..<colon], as: UTF8.self).lowercased()
            guard names.insert(name).inserted else {
                throw DebianFormatError(.corrupt, "has the field '\(name)' twice")
            }
        }
        self.init((bytes[..<(lines.last?.endIndex ?? 0)] + [newline])[...])
    }
}
