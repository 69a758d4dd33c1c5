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
            if isAlphanumeric(byte) || plain.utf8.contains(byte) {
                bytes.append(byte)
            } else {
                bytes += [0x25, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Decodes each `%` that is followed by two hexadecimal digits, and leaves any other as it is.
    package static func decode(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            let digits = rest.prefix(2)
            let isHex = digits.count == 2 && digits.allSatisfy { isAlphanumeric($0) }
            if byte == 0x25, isHex, let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16) {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    package static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
    }
}
