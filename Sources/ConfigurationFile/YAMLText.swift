/// The text of a YAML file, checked before the YAML library sees it.
///
/// Refuses what would otherwise cost time (aliases), or cause an error without a position (encoding, tabs).
struct YAMLText {
    static let limit = 1 << 20

    let text: String

    /// Checks the bytes and reports everything that must not reach the YAML library; returns `nil` if there was any.
    init?(_ bytes: [UInt8], _ findings: Findings) {
        guard bytes.count <= Self.limit else {
            findings.report("the file has \(bytes.count) bytes, more than the \(Self.limit) allowed", at: nil)
            return nil
        }
        var content = bytes[...]
        if content.starts(with: [0xef, 0xbb, 0xbf]) { content = content.dropFirst(3) }
        guard let text = String(validating: content, as: UTF8.self) else {
            let position = Self.firstInvalid(content)
            findings.report("the file is not UTF-8 text", at: position, hint: "save it as UTF-8")
            return nil
        }
        self.text = text
        let lines = content.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        let before = findings.count
        for (index, line) in lines.enumerated() { Self.check(line, number: index + 1, findings) }
        guard findings.count == before else { return nil }
    }

    private static func check(_ line: ArraySlice<UInt8>, number: Int, _ findings: Findings) {
        var inIndentation = true
        for index in line.indices {
            let byte = line[index]
            func position() -> Diagnostic.Position {
                Diagnostic.Position(line: number, column: line[..<index].count { $0 & 0xc0 != 0x80 } + 1)
            }
            if byte == UInt8(ascii: "\t"), inIndentation {
                return findings.report("a tab in the indentation", at: position(), hint: "indent with spaces")
            }
            if byte < 0x20 && byte != UInt8(ascii: "\t") && byte != UInt8(ascii: "\r") || byte == 0x7f {
                return findings.report("a control character (\(byte))", at: position(), hint: "remove it")
            }
            if byte == UInt8(ascii: "*"), isAlias(line, at: index) {
                findings.report(
                    "an alias: anchors and aliases are not accepted", at: position(),
                    hint: "write the value out, or put a text that begins with '*' in quotes")
            }
            inIndentation = inIndentation && byte == UInt8(ascii: " ")
        }
    }

    /// Returns whether the `*` may be the start of an alias.
    ///
    /// Errs on the side of refusal: an alias can only follow one of these indicators, the start of a line, or a line
    /// break that is not ASCII. The same spelling is also refused inside quotes; nothing is known to need it.
    private static func isAlias(_ line: ArraySlice<UInt8>, at index: Int) -> Bool {
        let after = line[(index + 1)...]
        let name = after.prefix { isNameByte($0) }
        guard !name.isEmpty, after.dropFirst(name.count).first.map({ endsAlias($0) }) ?? true else { return false }
        let before = line[..<index]
        if before.first(where: { $0 != UInt8(ascii: " ") }) == UInt8(ascii: "#"), !before.contains(where: isQuote) {
            return false
        }
        guard let previous = before.last(where: { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") }) else {
            return true
        }
        return previous >= 0x80 || previous == UInt8(ascii: "\r") || ":-?,[{".utf8.contains(previous)
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
            || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
    }

    private static func endsAlias(_ byte: UInt8) -> Bool {
        byte <= 0x20 || byte >= 0x80 || "?:,]}%@`".utf8.contains(byte)
    }

    private static func isQuote(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\"") }

    private static func firstInvalid(_ bytes: ArraySlice<UInt8>) -> Diagnostic.Position {
        var decoder = UTF8()
        var iterator = bytes.makeIterator()
        var (line, column) = (1, 1)
        while case .scalarValue(let scalar) = decoder.decode(&iterator) {
            (line, column) = scalar == "\n" ? (line + 1, 1) : (line, column + 1)
        }
        return Diagnostic.Position(line: line, column: column)
    }
}
