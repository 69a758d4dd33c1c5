/// A package's control fields, and their text as scanners shall read it.
struct ControlStanza {
    /// The stanza as it is in the package, with one newline at its end: readers drop a last line without one.
    let text: [UInt8]
    private var values: [String: String] = [:]

    /// The value of a field, whatever the case of its name; continuation lines joined by spaces.
    subscript(field: String) -> String? { values[field.lowercased()] }

    /// - Throws: `invalidInput` for anything but one stanza of UTF-8 text in which each field stands once.
    init(_ bytes: [UInt8], of package: String) throws(ImageAssemblyError) {
        func refuse(_ reason: String) -> ImageAssemblyError {
            ImageAssemblyError(.invalidInput, "cannot read the control file of package \(package): \(reason)")
        }
        guard bytes.count <= 1 << 20 else { throw refuse("\(bytes.count) bytes are more than 1 MiB") }
        guard let decoded = String(validating: bytes, as: UTF8.self) else { throw refuse("it is not UTF-8") }
        var lines = decoded.split(separator: "\n", omittingEmptySubsequences: false)
        while let last = lines.last, last.allSatisfy(\.isWhitespace) { lines.removeLast() }
        var current: String?
        for line in lines {
            if let field = current, line.first == " " || line.first == "\t" {
                values[field, default: ""] += " " + line.trimmed
                continue
            }
            guard let colon = line.firstIndex(of: ":"), colon != line.startIndex else {
                throw refuse("'\(line.prefix(80))' is not a field of one stanza")
            }
            let field = line[..<colon].lowercased()
            guard values[field] == nil else { throw refuse("the field '\(line[..<colon])' is there twice") }
            values[field] = line[line.index(after: colon)...].trimmed
            current = field
        }
        text = Array(lines.joined(separator: "\n").utf8) + [UInt8(ascii: "\n")]
    }
}

extension Substring {
    fileprivate var trimmed: String {
        let start = drop(while: \.isWhitespace)
        return String(start.reversed().drop(while: \.isWhitespace).reversed())
    }
}
