/// A paragraph of a Debian control file (Debian Policy 5.1): its exact bytes, with fields read on demand.
package struct Stanza: Hashable, Sendable {
    /// The bytes from the first field's name to the newline of the last line, without the empty line that separates
    /// stanzas.
    package let bytes: ArraySlice<UInt8>

    package init(_ bytes: ArraySlice<UInt8>) { self.bytes = bytes }

    /// Returns the value of a field, with continuation lines joined by newlines; `nil` if the field is absent.
    ///
    /// Field names are compared regardless of case.
    ///
    /// - Throws: `DebianFormatError(.corrupt)` if the field occurs twice, because readers would disagree on which one
    ///   counts.
    package func value(_ field: String) throws(DebianFormatError) -> String? {
        var found: String?
        for line in FieldLines(bytes) where line.isNamed(field) {
            guard found == nil else {
                throw DebianFormatError(.corrupt, "cannot read a control stanza: it has the field \(field) twice")
            }
            found = line.value
        }
        return found
    }

    /// Returns the value of a field that must exist and not be empty.
    package func required(_ field: String) throws(DebianFormatError) -> String {
        guard let value = try value(field), !value.isEmpty else {
            throw DebianFormatError(.corrupt, "cannot read a control stanza: it has no field \(field)")
        }
        return value
    }
}

/// A reader that splits a control file into stanzas without copying it.
package struct StanzaReader: Sequence, IteratorProtocol {
    private var rest: ArraySlice<UInt8>

    package init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    package mutating func next() -> Stanza? {
        let newline = UInt8(ascii: "\n")
        rest = rest.drop { $0 == newline }
        guard !rest.isEmpty else { return nil }
        var end = rest.startIndex
        while end < rest.endIndex, rest[end] != newline {
            end = rest[end...].firstIndex(of: newline).map { $0 + 1 } ?? rest.endIndex
        }
        defer { rest = rest[end...] }
        return Stanza(rest[..<end])
    }
}

/// The fields of one stanza in order, each with its continuation lines.
private struct FieldLines: Sequence, IteratorProtocol {
    struct Field {
        var name: ArraySlice<UInt8>
        var lines: ArraySlice<UInt8>

        func isNamed(_ other: String) -> Bool {
            name.count == other.utf8.count && zip(name, other.utf8).allSatisfy { Self.lower($0) == Self.lower($1) }
        }

        var value: String {
            let parts = lines.split(separator: UInt8(ascii: "\n")).map { String(decoding: $0.trimmed, as: UTF8.self) }
            return (parts.first == "" ? parts.dropFirst() : parts[...]).joined(separator: "\n")
        }

        private static func lower(_ byte: UInt8) -> UInt8 { (0x41...0x5a).contains(byte) ? byte | 0x20 : byte }
    }

    private var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    mutating func next() -> Field? {
        while !rest.isEmpty {
            var end = Self.lineEnd(rest)
            while end < rest.endIndex, rest[end].isBlank { end = Self.lineEnd(rest[end...]) }
            let field = rest[..<end]
            rest = rest[end...]
            // Lines without a colon, and comments, do not name a field, so that no field is found there.
            guard field.first != UInt8(ascii: "#"), let colon = field.firstIndex(of: UInt8(ascii: ":")) else {
                continue
            }
            return Field(name: field[..<colon], lines: field[(colon + 1)...])
        }
        return nil
    }

    private static func lineEnd(_ bytes: ArraySlice<UInt8>) -> Int {
        bytes.firstIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? bytes.endIndex
    }
}

extension UInt8 {
    /// Whether the byte is a space or tab, which separate words and begin continuation lines in control files.
    var isBlank: Bool { self == 0x20 || self == 0x09 }
}

extension ArraySlice<UInt8> {
    /// The bytes between the blanks, carriage returns and newlines at both ends.
    package var trimmed: ArraySlice<UInt8> {
        func isSpace(_ byte: UInt8) -> Bool { byte.isBlank || byte == 0x0d || byte == 0x0a }
        guard let last = lastIndex(where: { !isSpace($0) }) else { return self[endIndex...] }
        return self[...last].drop(while: isSpace)
    }
}
