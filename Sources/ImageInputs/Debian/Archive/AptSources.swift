/// The mirrors that a machine's own apt is configured with: the texts of `/etc/apt/sources.list` and `sources.list.d/`.
package struct AptSources: Hashable, Sendable {
    package struct File: Hashable, Sendable {
        /// The file's name, which ends in `.list` or `.sources`; others are ignored, as apt does.
        package var name: String
        package var text: String
        package init(name: String, text: String) {
            self.name = name
            self.text = text
        }
    }

    /// The base URIs without a final slash, the most likely mirrors of Debian's own archive first.
    package var debian: [String] = []
    package var debianSecurity: [String] = []

    /// Reads as much as possible: a file that apt itself would refuse contributes nothing, and causes no error.
    package init(_ files: [File]) {
        var entries: [Entry] = []
        for file in files where file.text.utf8.count <= 1 << 20 {
            if file.name.hasSuffix(".sources") { entries += Entry.parse(deb822: file.text) }
            if file.name.hasSuffix(".list") { entries += Entry.parse(oneLine: file.text) }
        }
        debian = Self.uris(entries, archive: "debian")
        debianSecurity = Self.uris(entries, archive: "debian-security")
    }

    private static func uris(_ entries: [Entry], archive: String) -> [String] {
        let mine = entries.filter { $0.archive == archive && $0.isDebian }
        // Third parties also name their repositories `…/debian`; their signatures would reveal a wrong guess.
        let ranked = mine.enumerated().sorted { ($0.element.rank, $0.offset) < ($1.element.rank, $1.offset) }
        var seen: Set<String> = []
        return ranked.map(\.element.uri).filter { seen.insert($0).inserted }
    }
}

extension AptSources {
    /// One URI of one entry.
    struct Entry: Hashable, Sendable {
        var uri: String
        var suites: [String]
        var components: [String]
        var signedBy: String?

        init(uri: String, suites: [String], components: [String], signedBy: String?) {
            self.uri = String(uri.prefix { $0 != "#" && $0 != "?" })
            while self.uri.hasSuffix("/") { self.uri.removeLast() }
            self.suites = suites
            self.components = components
            self.signedBy = signedBy
        }

        /// The archive at the address, judged by its suites: its path may be any, as behind a proxy of a company.
        var archive: String {
            suites.contains { $0.hasSuffix("-security") || $0.hasSuffix("/updates") } ? "debian-security" : "debian"
        }

        /// Whether the address ends as those of Debian's own mirrors do.
        private var isUsual: Bool { ["debian", "debian-security"].contains(uri.split(separator: "/").last) }

        var isDebian: Bool {
            let scheme = uri.hasPrefix("http://") || uri.hasPrefix("https://")
            // Only the main component of `…/debian` is used.
            return scheme && components.contains("main") && suites.contains(where: Self.isDebianSuite)
                && (signedBy.map { $0.contains("debian-archive-") } ?? true)
        }

        /// The rank of the entry, lower for more likely mirrors: signed by Debian's keyring, and at the root of its
        /// host.
        var rank: Int { (isUsual ? 0 : 4) + (signedBy == nil ? 2 : 0) + (uri.split(separator: "/").count == 3 ? 0 : 1) }

        private static func isDebianSuite(_ suite: String) -> Bool {
            let names = [
                "bullseye", "bookworm", "trixie", "forky", "duke", "sid", "oldoldstable", "oldstable", "stable",
                "testing",
                "unstable",
            ]
            return names.contains { suite == $0 || suite.hasPrefix($0 + "-") || suite.hasPrefix($0 + "/") }
        }
    }
}
