/// Returns text from outside, of a user, a server or an archive, in a form fit for a message: on one line, shortened, and
/// without anything that a terminal would do instead of show.
package func quoted(_ text: some StringProtocol, limit: Int = 120) -> String {
    String(String.UnicodeScalarView(text.unicodeScalars.prefix(limit).map { $0.isShown ? $0 : replacement }))
}

/// Returns a message of several lines without anything that a terminal would do instead of show: every text that reaches
/// a person passes here, whatever its parts came from.
package func printable(_ text: String) -> String {
    guard !text.unicodeScalars.allSatisfy({ $0.isShown || $0 == "\n" }) else { return text }
    return String(
        String.UnicodeScalarView(text.unicodeScalars.map { $0.isShown || $0 == "\n" ? $0 : replacement }))
}

/// Returns bytes that need not be text, a file's name or a link's target, as text for people: a byte that is no part of
/// UTF-8 as `\\xe9`, so that two names do not look the same.
package func shown(_ bytes: some Collection<UInt8>) -> String {
    if let text = String(validating: bytes, as: UTF8.self) { return text }
    var text = ""
    var decoder = UTF8()
    var rest = Array(bytes)[...]
    while let first = rest.first {
        var iterator = rest.makeIterator()
        if case .scalarValue(let scalar) = decoder.decode(&iterator) {
            text.unicodeScalars.append(scalar)
            rest = rest.dropFirst(UTF8.width(scalar))
        } else {
            text += "\\x" + String(first, radix: 16)
            rest = rest.dropFirst()
        }
        decoder = UTF8()
    }
    return text
}

private let replacement: Unicode.Scalar = "\u{fffd}"

extension Unicode.Scalar {
    /// Whether the character is one that shows: no control character, no line break, nothing that turns the direction of
    /// others around.
    fileprivate var isShown: Bool {
        switch value {
        case 0x20...0x7e: true
        case 0..<0xa0, 0x200b...0x200f, 0x2028...0x202e, 0x2060...0x206f, 0xfeff, 0xfff9...0xfffb, 0xe0000...0xe007f:
            false
        default: true
        }
    }
}
