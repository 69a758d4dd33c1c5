package import OCIModel

/// The date format of HTTP's header fields (RFC 9110, section 5.6.7), in its three forms.
package enum HTTPDate {
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    /// Parses `Sun, 06 Nov 1994 08:49:37 GMT`, `Sunday, 06-Nov-94 08:49:37 GMT` or `Sun Nov  6 08:49:37 1994`.
    package static func parse(_ text: String) -> Timestamp? {
        guard text.utf8.count <= 64 else { return nil }
        let words = text.split { $0 == " " || $0 == "," || $0 == "-" }
        guard words.count >= 5 else { return nil }
        let isAsctime = Int64(words[1]) == nil
        guard words.count == (isAsctime ? 5 : 6), isAsctime || words[5] == "GMT",
            let month = months.firstIndex(of: String(words[isAsctime ? 1 : 2])),
            let day = number(words[isAsctime ? 2 : 1], 1...31),
            var year = number(words[isAsctime ? 4 : 3], 0...9999),
            let time = secondsOfDay(words[isAsctime ? 3 : 4])
        else { return nil }
        // A two-digit year: servers that send one are old enough to make the century certain.
        if year < 100 { year += year < 70 ? 2000 : 1900 }
        let days = Timestamp.days(year: year, month: Int64(month) + 1, day: day)
        return Timestamp(seconds: days * 86400 + time)
    }

    private static func secondsOfDay(_ text: Substring) -> Int64? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 3, let hour = number(parts[0], 0...23), let minute = number(parts[1], 0...59),
            let second = number(parts[2], 0...60)
        else { return nil }
        return hour * 3600 + minute * 60 + second
    }

    private static func number(_ text: Substring, _ range: ClosedRange<Int64>) -> Int64? {
        guard text.utf8.count <= 4, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let value = Int64(text),
            range.contains(value)
        else { return nil }
        return value
    }
}
