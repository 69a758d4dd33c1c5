/// A text of a release file in which `${tag}` and other names stand for values of the release.
package struct Template: Hashable, Sendable, CustomStringConvertible {
    /// The names that a text may have. `os` and `arch` stand only where something is made for each platform; `notes`,
    /// `authors` and `page` only in the announcement.
    package enum Name: String, Hashable, Sendable, CaseIterable {
        case name, tag, version, major, minor, patch, commit, date, previous, os, arch, notes, authors, page

        /// The names that every text of a release may have.
        package static let general: [Name] = [
            .name, .tag, .version, .major, .minor, .patch, .commit, .date, .previous,
        ]
    }

    /// The text as it is written in the file.
    package let description: String

    package init(_ text: String) { description = text }

    /// Returns the text with values in the places of their names. Values are not searched for names.
    package func filled(_ values: [Name: String]) -> String {
        var (filled, rest) = ("", description[...])
        while let start = rest.firstRange(of: "${"), let end = rest[start.upperBound...].firstIndex(of: "}") {
            let name = Name(rawValue: String(rest[start.upperBound..<end]))
            filled += rest[..<start.lowerBound]
            filled += name.map { values[$0] ?? "" } ?? String(rest[start.lowerBound...end])
            rest = rest[rest.index(after: end)...]
        }
        return filled + rest
    }
}
