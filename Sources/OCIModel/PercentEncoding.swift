/// The percent-encoding of addresses (RFC 3986, section 2.1), applied to bytes.
package enum PercentEncoding {
    /// Encodes everything but slashes and the characters that are safe anywhere in a path.
    package static func encode(path: String) -> String { encode(path, plain: "-._~/:=,") }

    /// Encodes everything but the characters that are safe everywhere: for a value in a query or a form.
    package static func encode(query: String) -> String { encode(query, plain: "-._~") }

    private static func encode(_ text: String, plain: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            if byte.isAlphanumeric || plain.utf8.contains(byte) {
                bytes.append(byte)
            } else {
                bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Returns the decoded text; `nil` for a broken escape, or bytes that are not UTF-8.
    package static func decode(_ text: some StringProtocol) -> String? {
        guard text.utf8.contains(UInt8(ascii: "%")) else { return String(text) }
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(digit), let low = rest.popFirst().flatMap(digit) else {
                return nil
            }
            bytes.append(high << 4 | low)
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func digit(_ byte: UInt8) -> UInt8? { Character(Unicode.Scalar(byte)).hexDigitValue.map(UInt8.init) }
}
