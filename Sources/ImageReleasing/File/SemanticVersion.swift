package import OCIModel

/// A version by semantic versioning 2.0.0: three numbers, and perhaps a pre-release and build metadata.
package struct SemanticVersion: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let (major, minor, patch): (UInt64, UInt64, UInt64)
    /// The identifiers after the hyphen; empty for a stable version.
    package let prerelease: [String]
    /// The text after the plus sign, which has no part in the order.
    package let build: String?
    /// The version without build metadata, which orders.
    private let number: VersionNumber

    /// Parses a whole text; a `v` before it is accepted, and is no part of the version.
    ///
    /// - Throws: `ReleaseError` `.refused` with the first rule that the text breaks. Numbers have at most nine digits.
    package init(_ text: String) throws(ReleaseError) {
        func refusal(_ reason: String) -> ReleaseError {
            ReleaseError(
                .refused, "'\(quoted(text))' is not a semantic version: \(reason)",
                hint: "a version looks like 3.6.14, v3.6.14 or 3.7.0-rc.1")
        }
        let bare = text.hasPrefix("v") ? text.dropFirst() : text[...]
        guard bare.utf8.count <= 100 else { throw refusal("it is longer than 100 characters") }
        let halves = bare.split(separator: "+", maxSplits: 1, omittingEmptySubsequences: false)
        let precedence = halves.first ?? ""
        let parts = precedence.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        let fields = (parts.first ?? "").split(separator: ".", omittingEmptySubsequences: false)
        let numbers = fields.compactMap { Self.number($0) }
        guard fields.count == 3, numbers.count == 3 else {
            throw refusal("it needs exactly three numbers with dots between them, none with a leading zero")
        }
        let identifiers =
            parts.count == 2 ? parts[1].split(separator: ".", omittingEmptySubsequences: false) : []
        guard identifiers.allSatisfy(Self.isIdentifier) else {
            throw refusal("a pre-release has letters, digits and hyphens between dots")
        }
        guard identifiers.allSatisfy({ !$0.utf8.allSatisfy(Self.isDigit) || Self.number($0) != nil }) else {
            throw refusal("a number of its pre-release has a leading zero or more than nine digits")
        }
        let metadata = halves.count == 2 ? halves[1].split(separator: ".", omittingEmptySubsequences: false) : []
        guard metadata.allSatisfy(Self.isIdentifier) else {
            throw refusal("build metadata has letters, digits and hyphens between dots")
        }
        guard let number = VersionNumber(precedence) else { throw refusal("it cannot be ordered") }
        (major, minor, patch) = (numbers[0], numbers[1], numbers[2])
        prerelease = identifiers.map(String.init)
        build = halves.count == 2 ? String(halves[1]) : nil
        self.number = number
    }

    /// The version without a `v`: `3.7.0-rc.1`.
    package var description: String {
        "\(major).\(minor).\(patch)" + (prerelease.isEmpty ? "" : "-" + prerelease.joined(separator: "."))
            + (build.map { "+" + $0 } ?? "")
    }

    /// The git tag of the version.
    package var tag: String { "v\(self)" }

    package var isStable: Bool { prerelease.isEmpty }

    /// Whether the version is the first of its minor line.
    package var isNewMinor: Bool { patch == 0 && isStable }

    /// Returns whether a rule for a range of versions holds for this one. A pre-release counts as the version that it
    /// leads to, so that `>=3.8` includes `3.8.0-alpha.1`.
    package func isIn(_ range: VersionRange) -> Bool {
        guard let number = VersionNumber("\(major).\(minor).\(patch)") else { return false }
        return range.includes(number, withPrereleases: true)
    }

    package static func == (a: SemanticVersion, b: SemanticVersion) -> Bool { a.number == b.number }
    package func hash(into hasher: inout Hasher) { hasher.combine(number) }
    package static func < (a: SemanticVersion, b: SemanticVersion) -> Bool { a.number < b.number }

    private static func number(_ text: some StringProtocol) -> UInt64? {
        guard (1...9).contains(text.utf8.count), text.utf8.allSatisfy(isDigit), text == "0" || !text.hasPrefix("0")
        else { return nil }
        return UInt64(text)
    }

    private static func isIdentifier(_ text: Substring) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy {
                isDigit($0) || (0x41...0x5a).contains($0) || (0x61...0x7a).contains($0) || $0 == UInt8(ascii: "-")
            }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
}
