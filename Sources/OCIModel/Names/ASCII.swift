extension UInt8 {
    package var isDigit: Bool { (0x30...0x39).contains(self) }
    package var isLowercaseAlphanumeric: Bool { isDigit || (0x61...0x7a).contains(self) }
    package var isAlphanumeric: Bool { isLowercaseAlphanumeric || (0x41...0x5a).contains(self) }
}

/// Returns a user's or a server's text, shortened and without control characters, in a form fit for a message.
package func quoted(_ text: some StringProtocol) -> String {
    String(text.unicodeScalars.prefix(120).map { $0.value < 0x20 || $0.value == 0x7f ? "\u{fffd}" : Character($0) })
}
