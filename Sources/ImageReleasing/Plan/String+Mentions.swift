extension String {
    /// The text with each run of white space as one space.
    var withPlainSpaces: String { split(whereSeparator: \.isWhitespace).joined(separator: " ") }

    /// Returns whether a text occurs as itself, and not as the part of a longer word or version: neither `3.6.14` nor
    /// `3.6.1-rc.1` mentions `3.6.1`.
    func mentions(_ text: String) -> Bool {
        func isWord(_ byte: UInt8) -> Bool { byte < 0x80 && (Character(UnicodeScalar(byte)).isLetter || isDigit(byte)) }
        func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
        let (all, wanted) = (Array(utf8), Array(text.utf8))
        guard let first = wanted.first, let last = wanted.last else { return false }
        func goesOn(_ rest: ArraySlice<UInt8>) -> Bool {
            guard isWord(last), let next = rest.first else { return false }
            return isWord(next) || ".-+".utf8.contains(next) && rest.dropFirst().first.map(isWord) ?? false
        }
        func hasBegun(_ before: ArraySlice<UInt8>) -> Bool {
            guard isWord(first), let previous = before.last else { return false }
            return isWord(previous) || previous == UInt8(ascii: ".") && before.dropLast().last.map(isDigit) ?? false
        }
        guard all.count >= wanted.count else { return false }
        return (0...all.count - wanted.count).contains { start in
            let end = start + wanted.count
            return all[start] == first && all[start..<end] == wanted[...] && !hasBegun(all[..<start])
                && !goesOn(all[end...])
        }
    }
}
