/// A range of versions: `>=3.5.0 <3.7.0`, `^3.5.2`, `~3.5.2`, `3.5.x`, and several of them with `||`.
///
/// A `v` before a tag's version is ignored. Pre-releases are in a range only if `withPrereleases` says so: etcd's
/// `3.5.16-0` is one by its form.
package struct VersionRange: Hashable, Sendable, CustomStringConvertible {
    private enum Sign: Hashable, Sendable { case least, more, most, less, equal }

    private struct Bound: Hashable, Sendable {
        var sign: Sign
        var version: VersionNumber

        func includes(_ other: VersionNumber) -> Bool {
            switch sign {
            case .least: version <= other
            case .more: version < other
            case .most: other <= version
            case .less: other < version
            case .equal: other == version
            }
        }
    }

    /// The range as it was written.
    package let description: String
    private let alternatives: [[Bound]]

    /// Reads a range.
    ///
    /// - Throws: `OCIModelError` (`invalidVersion`) with the reason: a phrase for the end of a sentence.
    package init(_ text: String) throws(OCIModelError) {
        guard text.utf8.count <= 1024 else { throw OCIModelError(.invalidVersion, "it is longer than 1024 characters") }
        description = text
        var alternatives: [[Bound]] = []
        for part in text.split(separator: "||", omittingEmptySubsequences: false) {
            var bounds: [Bound] = []
            for word in Self.words(part) { bounds += try Self.bounds(word) }
            guard !bounds.isEmpty else { throw OCIModelError(.invalidVersion, "it has an empty part") }
            alternatives.append(bounds)
        }
        self.alternatives = alternatives
    }

    /// The forms that ranges take, as a remedy in messages.
    package static let hint = "a range looks like >=3.5.0 <3.7.0, or ^3.5.2"

    package func includes(_ version: VersionNumber, withPrereleases: Bool) -> Bool {
        guard withPrereleases || version.isRelease(minimumParts: 1) else { return false }
        return alternatives.contains { $0.allSatisfy { $0.includes(version) } }
    }

    /// Returns the version that a tag stands for; `nil` if it is none. Build metadata, which tags write after `_`, is
    /// ignored.
    package static func version(of tag: String) -> VersionNumber? {
        let bare = tag.utf8.first == UInt8(ascii: "v") ? tag.dropFirst() : tag[...]
        return VersionNumber(bare.prefix { $0 != "_" && $0 != "+" })
    }

    /// Splits at spaces and commas; a sign and its version may be apart.
    private static func words(_ text: Substring) -> [String] {
        var words: [String] = []
        for word in text.split(whereSeparator: { $0 == " " || $0 == "," }) {
            if let last = words.last, last.allSatisfy({ "<>=^~".contains($0) }) {
                words[words.count - 1] = last + word
            } else {
                words.append(String(word))
            }
        }
        return words
    }

    private static func bounds(_ word: String) throws(OCIModelError) -> [Bound] {
        let sign = String(word.prefix { "<>=^~".contains($0) })
        var text = word.dropFirst(sign.count)
        if text.utf8.first == UInt8(ascii: "v") { text = text.dropFirst() }
        let parts = text.prefix { $0 != "-" }.split(separator: ".", omittingEmptySubsequences: false)
        let fixed = parts.prefix { !["x", "X", "*"].contains($0) }
        let isOpen = fixed.count < parts.count
        guard !parts.isEmpty,
            let version = VersionNumber(isOpen ? fixed.joined(separator: ".")[...] : text) ?? any(fixed)
        else { throw OCIModelError(.invalidVersion, "'\(word)' is not a version with a sign before it") }
        if fixed.isEmpty { return [Bound(sign: .least, version: version)] }
        let numbers = fixed.compactMap { UInt64($0) }
        switch sign {
        case "", "=":
            return isOpen || numbers.count < 3
                ? try span(version, numbers, numbers.count) : [Bound(sign: .equal, version: version)]
        case "^":
            let first = numbers.firstIndex { $0 != 0 } ?? numbers.count - 1
            return try span(version, numbers, first + 1)
        case "~": return try span(version, numbers, min(2, numbers.count))
        case ">=": return [Bound(sign: .least, version: version)]
        case ">": return [Bound(sign: .more, version: version)]
        case "<=": return [Bound(sign: .most, version: version)]
        case "<": return [Bound(sign: .less, version: version)]
        default: throw OCIModelError(.invalidVersion, "'\(sign)' is not a sign; known: >= > <= < = ^ ~")
        }
    }

    /// Returns the versions from one on that share its first numbers. The upper end excludes the pre-releases of the
    /// next.
    private static func span(_ version: VersionNumber, _ numbers: [UInt64], _ count: Int) throws(OCIModelError)
        -> [Bound]
    {
        var next = Array(numbers.prefix(count))
        guard let last = next.popLast(),
            let end = VersionNumber((next + [last + 1]).map(String.init).joined(separator: ".") + "-0")
        else { throw OCIModelError(.invalidVersion, "'\(version)' has no next version") }
        return [Bound(sign: .least, version: version), Bound(sign: .less, version: end)]
    }

    private static func any(_ fixed: ArraySlice<Substring>) -> VersionNumber? {
        fixed.isEmpty ? VersionNumber("0") : nil
    }
}
