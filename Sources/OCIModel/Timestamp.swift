/// A time in whole seconds since 1970-01-01T00:00:00Z, written as RFC 3339 in UTC. No calendar library, time zone or
/// locale is involved.
package struct Timestamp: Hashable, Sendable, Comparable, CustomStringConvertible {
    package var seconds: Int64
    package init(seconds: Int64) { self.seconds = seconds }

    package static func < (a: Timestamp, b: Timestamp) -> Bool { a.seconds < b.seconds }

    /// The time in the form `2026-11-20T22:41:00Z`.
    package var description: String {
        let days = (seconds >= 0 ? seconds : seconds - 86399) / 86400
        let inDay = seconds - days * 86400
        let (year, month, day) = Self.date(days: days)
        func two(_ n: Int64) -> String { n < 10 ? "0\(n)" : "\(n)" }
        let digits = String(year)
        let padded = String(repeating: "0", count: max(0, 4 - digits.count)) + digits
        return "\(padded)-\(two(month))-\(two(day))T\(two(inDay / 3600)):\(two(inDay / 60 % 60)):\(two(inDay % 60))Z"
    }

    /// Returns the days from the epoch to a date of the proleptic Gregorian calendar.
    package static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
        let y = month <= 2 ? year - 1 : year
        let era = (y >= 0 ? y : y - 399) / 400
        let yearOfEra = y - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719468
    }

    /// Creates a timestamp from year, month, day, hour, minute and second.
    package init?(digits: [String]) {
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

    /// Parses what `description` writes, and no other form: `2026-09-12T07:55:41Z`.
    package init?(canonical text: String) {
        guard let date = Self(dateTime: text), date.description == text else { return nil }
        self = date
    }

    /// Parses a date of RFC 3339 as configurations contain it, in any zone and with fractions, which are truncated.
    package init?(dateTime text: String) {
        let (date, fraction) = (text.prefix(19), text.dropFirst(19))
        guard let local = Self(digits: date.split(whereSeparator: { "-T:".contains($0) }).map(String.init)),
            local.description.dropLast() == date
        else { return nil }
        let digits = fraction.first == "." ? fraction.dropFirst().prefix(while: \.isNumber) : ""
        let zone = fraction.dropFirst(digits.isEmpty ? 0 : digits.count + 1)
        guard zone != "Z" else {
            self = local
            return
        }
        let parts = zone.dropFirst().split(separator: ":").map(String.init)
        guard zone.utf8.count == 6, "+-".contains(zone.first ?? "Z"), parts.count == 2,
            let hours = UInt8(parts[0]), let minutes = UInt8(parts[1]), hours < 24, minutes < 60
        else { return nil }
        let offset = Int64(hours) * 3600 + Int64(minutes) * 60
        self.init(seconds: local.seconds + (zone.first == "-" ? offset : -offset))
    }

    /// Returns the date of the proleptic Gregorian calendar that is this many days after the epoch.
    package static func date(days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let z = days + 719468
        let era = (z >= 0 ? z : z - 146096) / 146097
        let dayOfEra = z - era * 146097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shifted + 2) / 5 + 1)
    }
}
