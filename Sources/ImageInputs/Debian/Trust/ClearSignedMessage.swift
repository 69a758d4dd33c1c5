import DebianFormat

/// A clear-signed text (RFC 9580, section 7): one message, with nothing in, before or after it that is not signed.
///
/// `gpgv` skips text around a message, cuts off long lines, and passes over armor headers. Refusing all of that here
/// ensures that no reader of the file, of whatever kind, can take an unsigned line for a signed one.
struct ClearSignedMessage {
    /// The lines of the signed text, without dash-escapes and without trailing white space, which is not signed.
    let lines: [ArraySlice<UInt8>]

    /// The longest line in bytes: what `gpgv` reads as one line, with room to spare.
    private static let lineLimit = 16_000

    /// Reads a message.
    ///
    /// - Throws: `ImageInputsError(.unsigned)` with what is wrong with the frame.
    init(_ bytes: [UInt8], of what: String) throws(ImageInputsError) {
        func refuse(_ why: String) -> ImageInputsError {
            ImageInputsError(.unsigned, "\(what) is not signed correctly: \(why)", hint: "use another mirror")
        }
        let newline = UInt8(ascii: "\n")
        guard bytes.allSatisfy({ $0 >= 0x20 && $0 != 0x7f || $0 == newline || $0 == UInt8(ascii: "\t") }) else {
            throw refuse("it contains control characters")
        }
        var all = bytes.split(separator: newline, omittingEmptySubsequences: false)[...]
        if all.last?.isEmpty == true { all.removeLast() }
        guard all.allSatisfy({ $0.count <= Self.lineLimit }) else { throw refuse("it has a line without end") }
        func isMarker(_ line: ArraySlice<UInt8>?, _ name: String) -> Bool {
            line?.elementsEqual("-----\(name)-----".utf8) ?? false
        }
        guard isMarker(all.popFirst(), "BEGIN PGP SIGNED MESSAGE") else {
            throw refuse("it does not begin as a clear-signed text")
        }
        // The only header that the specification allows.
        while let line = all.first, line.starts(with: "Hash: ".utf8) { all.removeFirst() }
        guard all.popFirst()?.isEmpty == true else { throw refuse("it has a header that is not signed") }
        guard let signature = all.firstIndex(where: { isMarker($0, "BEGIN PGP SIGNATURE") }) else {
            throw refuse("it has no signature")
        }
        let text = all[..<signature]
        // A line that begins with a dash is escaped, so that no line of the text looks like a marker.
        guard text.allSatisfy({ $0.first != UInt8(ascii: "-") || $0.starts(with: "- ".utf8) }) else {
            throw refuse("its text contains a marker")
        }
        lines = text.map { ($0.starts(with: "- ".utf8) ? $0.dropFirst(2) : $0).withoutTrailingSpace }
        var armor = all[(signature + 1)...]
        guard isMarker(armor.popLast(), "END PGP SIGNATURE") else {
            throw refuse("it does not end with its signature")
        }
        guard armor.popFirst()?.isEmpty == true else { throw refuse("its signature has a header that is not signed") }
        guard armor.allSatisfy({ !$0.isEmpty && $0.allSatisfy(\.isBase64) }) else {
            throw refuse("its signature is not one block of base64")
        }
    }

    /// Returns whether a program that checked the signature has taken the same text for signed.
    func isText(_ verified: [UInt8]) -> Bool {
        var others = verified.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        if others.last?.isEmpty == true { others.removeLast() }
        return lines.elementsEqual(others) { $0.elementsEqual($1.withoutTrailingSpace) }
    }
}

extension ArraySlice<UInt8> {
    fileprivate var withoutTrailingSpace: ArraySlice<UInt8> {
        guard let last = lastIndex(where: { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") }) else { return [] }
        return self[...last]
    }
}

extension UInt8 {
    fileprivate var isBase64: Bool {
        switch self {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "/"), UInt8(ascii: "="):
            true
        default: false
        }
    }
}
