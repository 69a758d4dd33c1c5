package import OCIModel

extension Timestamp {
    /// Parses the dates of a Release, `Sat, 12 Sep 2026 07:55:41 UTC`; the zone is UTC, GMT, Z or a zero offset.
    ///
    /// - Throws: `ImageInputsError(.corrupt)`. Another zone is refused rather than guessed.
    package init(releaseDate text: String) throws(ImageInputsError) {
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let words = text.split(separator: " ").map(String.init)
        guard words.count == 6, words[0].hasSuffix(","), ["UTC", "GMT", "Z", "+0000"].contains(words[5]),
            let month = months.firstIndex(of: words[2]),
            let date = Self(
                digits: [words[3], String(month + 1), words[1]] + words[4].split(separator: ":").map(String.init))
        else {
            throw ImageInputsError(.corrupt, "'\(text.prefix(80))' is not a date like 'Sat, 12 Sep 2026 07:55:41 UTC'")
        }
        self = date
    }

    /// Parses what `description` writes, `2026-09-12T07:55:41Z`.
    package init(rfc3339 text: String) throws(ImageInputsError) {
        let digits = text.dropLast().split(whereSeparator: { "-T:".contains($0) }).map(String.init)
        guard let date = Self(digits: digits), date.description == text else {
            throw ImageInputsError(.corrupt, "'\(text.prefix(80))' is not a date like '2026-09-12T07:55:41Z'")
        }
        self = date
    }

    /// Year, month, day, hour, minute, second.
    private init?(digits: [String]) {
        let numbers = digits.compactMap { text -> Int64? in
            text.utf8.count <= 4 && text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int64(text) : nil
        }
        guard numbers.count == 6, digits.count == 6, (1970...9999).contains(numbers[0]), (1...12).contains(numbers[1]),
            (1...31).contains(numbers[2]), (0...23).contains(numbers[3]), (0...59).contains(numbers[4]),
            (0...60).contains(numbers[5])
        else { return nil }
        let days = Self.days(year: numbers[0], month: numbers[1], day: numbers[2])
        self.init(seconds: days * 86400 + numbers[3] * 3600 + numbers[4] * 60 + numbers[5])
    }
}
