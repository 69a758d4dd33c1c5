/// The version of a Debian package, ordered as Debian Policy 5.6.12 defines.
///
/// Equality follows that order: `1.0` and `1.0-0` are equal although their texts differ.
package struct DebianVersion: Sendable, Comparable, CustomStringConvertible {
    /// The version as it was written.
    package let description: String
    private let epoch: UInt32
    private let upstreamBytes: [UInt8]
    private let revisionBytes: [UInt8]

    /// Parses `[epoch:]upstream[-revision]`.
    ///
    /// - Throws: `DebianFormatError(.corrupt)` for an empty part, an invalid character or an epoch out of range.
    package init(_ text: String) throws(DebianFormatError) {
        let bytes = Array(text.utf8)
        func refuse(_ why: String) -> DebianFormatError {
            DebianFormatError(.corrupt, "'\(text.prefix(80))' is not a Debian version: \(why)")
        }
        guard !bytes.isEmpty, bytes.count <= 256 else { throw refuse("it is empty or longer than 256 bytes") }
        var rest = bytes[...]
        var epoch: UInt32 = 0
        if let colon = bytes.firstIndex(of: UInt8(ascii: ":")) {
            let digits = bytes[..<colon]
            guard digits.allSatisfy(Self.isDigit), let number = UInt32(String(decoding: digits, as: UTF8.self)),
                number <= UInt32(Int32.max)
            else { throw refuse("its epoch is not a number") }
            epoch = number
            rest = bytes[(colon + 1)...]
        }
        var revision: ArraySlice<UInt8> = []
        if let dash = rest.lastIndex(of: UInt8(ascii: "-")) {
            revision = rest[(dash + 1)...]
            rest = rest[..<dash]
            guard !revision.isEmpty else { throw refuse("its revision is empty") }
        }
        guard !rest.isEmpty else { throw refuse("its upstream part is empty") }
        guard rest.allSatisfy({ Self.isAllowed($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ":") }),
            revision.allSatisfy(Self.isAllowed)
        else { throw refuse("it contains a character that is not allowed in versions") }
        self.description = text
        self.epoch = epoch
        upstreamBytes = Array(rest)
        revisionBytes = Array(revision)
    }

    /// The part that the program's own authors chose: `3.5.16` of `3.5.16-4+b1`.
    package var upstream: String { String(decoding: upstreamBytes, as: UTF8.self) }

    package static func < (a: DebianVersion, b: DebianVersion) -> Bool { a.order(against: b) < 0 }
    package static func == (a: DebianVersion, b: DebianVersion) -> Bool { a.order(against: b) == 0 }

    private func order(against other: DebianVersion) -> Int {
        guard epoch == other.epoch else { return epoch < other.epoch ? -1 : 1 }
        let upstream = Self.order(upstreamBytes, other.upstreamBytes)
        return upstream != 0 ? upstream : Self.order(revisionBytes, other.revisionBytes)
    }

    /// Compares alternately runs of non-digits, by weight, and runs of digits, as numbers of any length.
    private static func order(_ a: [UInt8], _ b: [UInt8]) -> Int {
        var i = 0
        var j = 0
        while i < a.count || j < b.count {
            while (i < a.count && !isDigit(a[i])) || (j < b.count && !isDigit(b[j])) {
                let left = i < a.count ? weight(a[i]) : 0
                let right = j < b.count ? weight(b[j]) : 0
                guard left == right else { return left < right ? -1 : 1 }
                i += 1
                j += 1
            }
            let left = number(in: a, at: &i)
            let right = number(in: b, at: &j)
            guard left.count == right.count else { return left.count < right.count ? -1 : 1 }
            guard left.elementsEqual(right) else { return left.lexicographicallyPrecedes(right) ? -1 : 1 }
        }
        return 0
    }

    /// Returns the digits at `position` without leading zeros, which do not count.
    private static func number(in bytes: [UInt8], at position: inout Int) -> ArraySlice<UInt8> {
        while position < bytes.count, bytes[position] == UInt8(ascii: "0") { position += 1 }
        let start = position
        while position < bytes.count, isDigit(bytes[position]) { position += 1 }
        return bytes[start..<position]
    }

    /// Returns the weight of a character: `~` comes before the end, the end (and a digit) before letters, letters
    /// before all others.
    private static func weight(_ byte: UInt8) -> Int {
        if byte == UInt8(ascii: "~") { return -1 }
        if isDigit(byte) { return 0 }
        return isLetter(byte) ? Int(byte) : Int(byte) + 256
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
    private static func isLetter(_ byte: UInt8) -> Bool {
        (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
    }
    private static func isAllowed(_ byte: UInt8) -> Bool {
        isDigit(byte) || isLetter(byte) || [UInt8(ascii: "."), UInt8(ascii: "+"), UInt8(ascii: "~")].contains(byte)
    }
}
