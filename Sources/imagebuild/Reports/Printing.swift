import OCIModel

/// Prints a result on standard output, like Swift's own function, which this one hides: nothing that came from outside
/// reaches a terminal with control characters but ends of lines and tabulators.
func print(_ item: some CustomStringConvertible, terminator: String = "\n") {
    let parts = "\(item)".split(separator: "\t", omittingEmptySubsequences: false)
    Swift.print(parts.map { printable(String($0)) }.joined(separator: "\t"), terminator: terminator)
}

/// Prints JSON on standard output, for scripts. Control characters that JSON lets pass are escaped.
func printJSON(_ value: some Encodable) throws {
    let text = String(decoding: try CanonicalJSON.encodeForReading(value), as: UTF8.self)
    let isControl = { (scalar: Unicode.Scalar) in (0x7f...0x9f).contains(scalar.value) }
    guard text.unicodeScalars.contains(where: isControl) else { return Swift.print(text, terminator: "") }
    for scalar in text.unicodeScalars {
        let escaped = "\\u00" + String(scalar.value, radix: 16)
        Swift.print(isControl(scalar) ? escaped : String(Character(scalar)), terminator: "")
    }
}
