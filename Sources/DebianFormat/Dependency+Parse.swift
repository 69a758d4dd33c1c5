extension Clause {
    /// Parses a whole field: clauses separated by commas, alternatives separated by bars.
    ///
    /// - Throws: `DebianFormatError(.corrupt)` that names the relation that cannot be read.
    package static func parse(_ field: String) throws(DebianFormatError) -> [Clause] {
        var clauses: [Clause] = []
        for part in field.utf8.split(separator: UInt8(ascii: ",")) where !Array(part)[...].trimmed.isEmpty {
            var alternatives: [Relation] = []
            for alternative in part.split(separator: UInt8(ascii: "|"), omittingEmptySubsequences: false) {
                alternatives.append(try Relation(Array(alternative)[...].trimmed))
            }
            clauses.append(Clause(alternatives: alternatives))
        }
        return clauses
    }
}

extension Relation {
    /// Parses one alternative.
    package init(_ text: String) throws(DebianFormatError) { try self.init(Array(text.utf8)[...].trimmed) }

    fileprivate init(_ bytes: ArraySlice<UInt8>) throws(DebianFormatError) {
        let shown = String(decoding: bytes.prefix(120), as: UTF8.self)
        func refuse(_ why: String) -> DebianFormatError {
            DebianFormatError(.corrupt, "cannot read the dependency '\(shown)': \(why)")
        }
        let full = bytes.prefix { !Self.endsName($0) }
        let halves = full.split(separator: UInt8(ascii: ":"), maxSplits: 1, omittingEmptySubsequences: false)
        guard let name = halves.first, Self.isPackageName(name) else { throw refuse("it has no valid package name") }
        self.init(
            name: String(decoding: name, as: UTF8.self),
            qualifier: halves.count == 2 ? String(decoding: halves[1], as: UTF8.self) : nil)
        var rest = bytes[full.endIndex...].trimmed
        while let opening = rest.first {
            let closing: UInt8 = opening == UInt8(ascii: "(") ? UInt8(ascii: ")") : opening &+ 2
            guard Self.opens(opening), let end = rest.firstIndex(of: closing) else {
                throw refuse("a bracket is not closed")
            }
            let inner = rest[(rest.startIndex + 1)..<end].trimmed
            let words = inner.split(whereSeparator: \.isBlank).map { String(decoding: $0, as: UTF8.self) }
            switch opening {
            case UInt8(ascii: "("):
                guard comparison == nil else { throw refuse("it has two versions") }
                try readVersion(inner, refuse)
            case UInt8(ascii: "["): architectures += words
            default: profiles.append(words)
            }
            rest = rest[(end + 1)...].trimmed
        }
    }

    private mutating func readVersion(
        _ inner: ArraySlice<UInt8>, _ refuse: (String) -> DebianFormatError
    ) throws(DebianFormatError) {
        let sign = inner.prefix { [0x3c, 0x3d, 0x3e].contains($0) }
        let text = String(decoding: sign, as: UTF8.self)
        // `<` and `>` are old spellings of `<=` and `>=` (Policy 7.1).
        let spelling = ["<": "<=", ">": ">="][text] ?? text
        guard let comparison = Comparison(rawValue: spelling) else { throw refuse("'\(text)' is not a comparison") }
        self.comparison = comparison
        version = try DebianVersion(String(decoding: inner[sign.endIndex...].trimmed, as: UTF8.self))
    }

    private static func opens(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "(") || byte == UInt8(ascii: "[") || byte == UInt8(ascii: "<")
    }
    private static func endsName(_ byte: UInt8) -> Bool { byte.isBlank || byte == 0x0a || opens(byte) }

    /// Returns whether this is a package's name: lower-case letters, digits, `+`, `-`, `.` (Policy 5.6.1); virtual
    /// packages of Perl modules also have capitals and underscores.
    package static func isPackageName(_ bytes: some Collection<UInt8>) -> Bool {
        guard let first = bytes.first, first.isAlphanumeric else { return false }
        return bytes.allSatisfy { $0.isAlphanumeric || [0x2b, 0x2d, 0x2e, 0x5f].contains($0) }
    }
}
