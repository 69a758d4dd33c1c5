package import OCIModel

extension Timestamp {
    /// Parses the dates of a Release, `Sat, 12 Sep 2026 07:55:41 UTC`; the zone is UTC, GMT, Z or a zero offset.
    ///
    /// - Throws: `DebianFormatError(.corrupt)`. Another zone is refused rather than guessed.
    package init(releaseDate text: String) throws(DebianFormatError) {
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let words = text.split(separator: " ").map(String.init)
        guard words.count == 6, words[0].hasSuffix(","), ["UTC", "GMT", "Z", "+0000"].contains(words[5]),
            let month = months.firstIndex(of: words[2]),
            let date = Self(
                digits: [words[3], String(month + 1), words[1]] + words[4].split(separator: ":").map(String.init))
        else {
            throw DebianFormatError(.corrupt, "'\(text.prefix(80))' is not a date like 'Sat, 12 Sep 2026 07:55:41 UTC'")
        }
        self = date
    }
}
