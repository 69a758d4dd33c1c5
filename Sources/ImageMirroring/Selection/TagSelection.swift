package import OCIModel

/// The choice of a repository's tags that are mirrored. It is a pure function of the file and of a listing.
///
/// Tags that are named are taken as they are. Of the others, those are taken that each given filter accepts (a glob, an
/// expression, a range of versions), that are not excluded, and of those the newest.
package struct TagSelection: Hashable, Sendable {
    package var named: [String] = []
    package var globs: [TagPattern] = []
    package var expressions: [TagPattern] = []
    package var versions: VersionRange?
    package var withPrereleases = false
    package var newest: Int?
    package var excluded: [TagPattern] = []
    /// The least number of tags; fewer are an error, because a listing may be truncated.
    package var minimum = 1

    package init() {}

    /// Whether the listing of the source decides what is taken.
    package var needsListing: Bool { hasFilter || newest != nil }

    private var hasFilter: Bool { !globs.isEmpty || !expressions.isEmpty || versions != nil }

    /// Applies the selection to a listing.
    ///
    /// - Parameter listing: All tags of the source; not looked at unless `needsListing`.
    /// - Returns: The tags that are taken, sorted by bytes.
    /// - Throws: `SelectionFlaw` if nothing, or less than the minimum, is left: an empty filter is never meant.
    package func select(from listing: [String]) throws(SelectionFlaw) -> [String] {
        var chosen = Set(named)
        if needsListing {
            let candidates = listing.filter { !Self.isKeptForDigest($0) }
            guard !candidates.isEmpty else { throw SelectionFlaw(message: "the source lists no tags") }
            for pattern in globs + expressions where !candidates.contains(where: pattern.matches) {
                throw SelectionFlaw(message: "no tag of the source's \(candidates.count) matches '\(pattern)'")
            }
            let accepted = newestOf(candidates.filter(accepts))
            guard !accepted.isEmpty else {
                throw SelectionFlaw(message: "the filters accept none of the source's \(candidates.count) tags")
            }
            chosen.formUnion(accepted)
        }
        guard chosen.count >= minimum else {
            throw SelectionFlaw(message: "only \(chosen.count) tags are selected, and at least \(minimum) are required")
        }
        return chosen.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    private func accepts(_ tag: String) -> Bool {
        if !globs.isEmpty, !globs.contains(where: { $0.matches(tag) }) { return false }
        if !expressions.isEmpty, !expressions.contains(where: { $0.matches(tag) }) { return false }
        if let versions {
            guard let version = VersionRange.version(of: tag),
                versions.includes(version, withPrereleases: withPrereleases)
            else { return false }
        }
        return !excluded.contains { $0.matches(tag) }
    }

    /// Returns the tags with the highest versions; tags that are no versions, and pre-releases that nobody asked for,
    /// are not among them.
    private func newestOf(_ tags: [String]) -> [String] {
        guard let newest else { return tags }
        let versions = tags.compactMap { tag in VersionRange.version(of: tag).map { (tag, $0) } }
            .filter { withPrereleases || $0.1.isRelease(minimumParts: 1) }
        return versions.sorted { a, b in
            a.1 == b.1 ? b.0.utf8.lexicographicallyPrecedes(a.0.utf8) : b.1 < a.1
        }.prefix(newest).map(\.0)
    }

    /// Returns whether a tag is no image's own: a list of referrers, or what cosign keeps for a digest. They travel with
    /// their image.
    static func isKeptForDigest(_ tag: String) -> Bool {
        guard tag.hasPrefix("sha256-") || tag.hasPrefix("sha512-") else { return false }
        let hex = tag.dropFirst(7).prefix { $0 != "." }
        return hex.utf8.count >= 64 && hex.utf8.allSatisfy { $0.isDigit || (0x61...0x66).contains($0) }
    }
}

/// The reason why a selection is refused.
package struct SelectionFlaw: Error, Hashable, Sendable {
    package var message: String
}
