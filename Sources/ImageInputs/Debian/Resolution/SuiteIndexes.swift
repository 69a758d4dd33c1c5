package import DebianFormat

/// The place where a stanza was found: enough to go from a package to the signed Release that vouches for it.
package struct IndexSource: Hashable, Sendable {
    /// The archive: `debian` or `debian-security`.
    package var archive: String
    package var suite: String
    /// The path of the index: `main/binary-amd64/Packages.xz`.
    package var path: String
    package init(archive: String, suite: String, path: String) {
        self.archive = archive
        self.suite = suite
        self.path = path
    }
}

/// A package that could be chosen, and the place that it comes from.
package struct Candidate: Sendable {
    package var package: DebianPackage
    package var source: IndexSource
}

/// The indexes of all suites for one architecture, from which resolution chooses.
package struct SuiteIndexes: Sendable {
    /// The architecture by Debian's name.
    package let architecture: String
    /// The architecture's own indexes that are not available; another architecture's may replace them.
    package let missing: Set<IndexSource>
    private let indexes: [(source: IndexSource, index: IndexView)]

    package init(
        architecture: String, indexes: [(source: IndexSource, index: IndexView)], missing: Set<IndexSource> = []
    ) {
        self.architecture = architecture
        self.indexes = indexes
        self.missing = missing
    }

    /// Whether an excerpt was asked what it does not know.
    var hasMissed: Bool { indexes.contains { $0.index.hasMissed } }

    /// Remembers excerpts of the indexes that were read whole.
    func remember(in excerpts: IndexExcerpts) throws {
        for (_, view) in indexes {
            guard let excerpt = view.excerpt(with: excerpts.recall(view.digest)) else { continue }
            try excerpts.remember(view.digest, excerpt)
        }
    }

    /// Returns all candidates of a name in these suites, newest first; among equal versions, the one of the suite named
    /// first.
    package func candidates(of name: String, in suites: [String]) throws(ImageInputsError) -> [Candidate] {
        try read(suites) { $0.stanzas(of: name) }
    }

    /// Returns the candidates whose `Provides` names this virtual package, newest first.
    package func providers(of name: String, in suites: [String]) throws(ImageInputsError) -> [Candidate] {
        try read(suites) { $0.providers(of: name) }
    }

    private func read(_ suites: [String], _ find: (IndexView) -> [Stanza]) throws(ImageInputsError) -> [Candidate] {
        var candidates: [Candidate] = []
        for suite in suites {
            for (source, index) in indexes where source.suite == suite {
                for stanza in find(index) {
                    let package = try ImageInputsError.mapping { () throws(DebianFormatError) in
                        try DebianPackage(stanza)
                    }
                    // A package of another architecture, whose index is used or which is in this one by mistake, is not
                    // for this one.
                    guard [architecture, "all"].contains(package.architecture) else { continue }
                    candidates.append(Candidate(package: package, source: source))
                }
            }
        }
        // Made stable by hand: the standard sort does not promise to keep the order of equals.
        return candidates.enumerated().sorted {
            $0.element.package.version == $1.element.package.version
                ? $0.offset < $1.offset : $0.element.package.version > $1.element.package.version
        }.map(\.element)
    }

    /// Returns the package name most similar to a misspelt one, if one is close.
    package func suggestion(for name: String, in suites: [String]) -> String? {
        let wanted = Array(name.utf8.prefix(64))
        let limit = max(1, min(2, wanted.count / 3))
        var best: (distance: Int, name: ArraySlice<UInt8>)?
        for (source, index) in indexes where suites.contains(source.suite) {
            for other in index.names() where abs(other.count - wanted.count) <= limit {
                let distance = Self.distance(wanted, other)
                let bound = best?.distance ?? limit + 1
                let isEarlier = best.map { other.lexicographicallyPrecedes($0.name) } ?? false
                if distance < bound || distance == bound && isEarlier { best = (distance, other) }
            }
        }
        return best.map { String(decoding: $0.name, as: UTF8.self) }
    }

    /// Returns the number of insertions, deletions and replacements that turn one name into the other.
    private static func distance(_ a: [UInt8], _ b: ArraySlice<UInt8>) -> Int {
        var row = Array(0...b.count)
        for (i, left) in a.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, right) in b.enumerated() {
                let replaced = diagonal + (left == right ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(replaced, row[j] + 1, diagonal + 1)
            }
        }
        return row[b.count]
    }
}
