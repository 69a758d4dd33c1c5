/// A program's version, ordered as its authors count: `3.4.23` < `3.5.0-rc.1` < `3.5.0` < `3.10.0` (semver.org, 11).
package struct VersionNumber: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let description: String
    /// The count of dotted numbers as written.
    private let length: Int
    /// The numbers without trailing zeros, so that `3.5` equals `3.5.0`.
    private let release: [UInt64]
    private let prerelease: [String]

    /// Parses one to five dotted numbers of up to nine digits, with an optional pre-release after `-`; refuses build
    /// metadata after `+`.
    package init?(_ text: some StringProtocol) {
        let halves = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        let fields = (halves.first ?? "").split(separator: ".", omittingEmptySubsequences: false)
        let numbers = fields.compactMap { Self.number($0) }
        guard (1...5).contains(fields.count), numbers.count == fields.count else { return nil }
        let suffix = halves.count == 2 ? halves[1].split(separator: ".", omittingEmptySubsequences: false) : []
        let isPlain = suffix.allSatisfy { part in
            !part.isEmpty && part.utf8.allSatisfy { $0.isAlphanumeric || $0 == UInt8(ascii: "-") }
        }
        guard isPlain else { return nil }
        description = String(text)
        length = fields.count
        release = Array(numbers.reversed().drop { $0 == 0 }.reversed())
        prerelease = suffix.map { String($0) }
    }

    /// Returns whether this is not a pre-release and has at least this many dotted numbers.
    package func isRelease(minimumParts: Int) -> Bool { prerelease.isEmpty && length >= minimumParts }

    /// Returns whether both texts are versions and the first comes before the second.
    package static func isAscending(_ a: String, _ b: String) -> Bool {
        guard let first = Self(a), let second = Self(b) else { return false }
        return first < second
    }

    package static func == (a: VersionNumber, b: VersionNumber) -> Bool {
        a.release == b.release && a.prerelease == b.prerelease
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(release)
        hasher.combine(prerelease)
    }

    package static func < (a: VersionNumber, b: VersionNumber) -> Bool {
        if a.release != b.release { return a.release.lexicographicallyPrecedes(b.release) }
        // A release comes after its own pre-releases.
        if a.prerelease.isEmpty || b.prerelease.isEmpty { return !a.prerelease.isEmpty && b.prerelease.isEmpty }
        return a.prerelease.lexicographicallyPrecedes(b.prerelease) { x, y in
            switch (number(x), number(y)) {
            case (let x?, let y?): x < y
            case (nil, nil): x.utf8.lexicographicallyPrecedes(y.utf8)
            case (let x, _): x != nil
            }
        }
    }

    /// Returns the first word of a program's output that is a whole version of at least three numbers, like `3.5.16` in
    /// `etcd Version: 3.5.16`.
    package static func first(in output: String) -> VersionNumber? {
        for word in output.split(whereSeparator: { $0.isWhitespace || $0 == "," }) {
            let bare = word.utf8.first == UInt8(ascii: "v") ? word.dropFirst() : word
            if bare.split(separator: "-").first?.split(separator: ".").count ?? 0 >= 3, let version = Self(bare) {
                return version
            }
        }
        return nil
    }

    private static func number(_ text: some StringProtocol) -> UInt64? {
        guard (1...9).contains(text.utf8.count), text.utf8.allSatisfy(\.isDigit) else { return nil }
        return UInt64(text)
    }
}
