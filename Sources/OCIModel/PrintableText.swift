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
