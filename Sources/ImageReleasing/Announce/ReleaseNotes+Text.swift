import OCIModel

extension ReleaseNotes {
    /// Takes the changes of the branch itself from all commits since the previous release, the newest first.
    init(_ release: Release, _ commits: [GitCommit]) {
        let known = Dictionary(commits.map { ($0.id, $0) }) { first, _ in first }
        var changes: [Change] = []
        var next = known[release.commit]
        while let commit = next {
            changes.append(Change(commit, merged: commit.parents.last.flatMap { known[$0] }))
            next = commit.parents.first.flatMap { known[$0] }
        }
        self.init(changes, rules: release.file.notes)
    }

    /// Writes the notes in Markdown.
    package func text(_ release: Release) -> String {
        let introduction =
            release.file.notes.introduction.map { release.filled($0) }
            ?? "(Say here what this release is for: the main fault that it mends, what is new, or what became faster.)"
        var lines = ["# \(release.tag)", "", introduction]
        for group in groups {
            lines += ["", "## \(group.title)", ""]
            lines += group.changes.map { "- " + $0.line(release.file.source.address) }
        }
        if let previous = release.previous, let address = release.file.source.address {
            lines += ["", "All changes: \(address)/compare/\(previous.tag)...\(release.tag)"]
        }
        return lines.joined(separator: "\n") + "\n"
    }
}

extension ReleaseNotes.Change {
    /// The line of the notes: the pull request first, with a link if there is an address.
    fileprivate func line(_ address: String?) -> String {
        let text = Self.plain(title)
        switch (pullRequest, address) {
        case (let number?, let address?): return "[GH \(number)](\(address)/pull/\(number)) \(text)"
        case (let number?, nil): return "[GH \(number)] \(text)"
        case (nil, let address?): return "[\(commit.prefix(10))](\(address)/commit/\(commit)) \(text)"
        case (nil, nil): return "\(commit.prefix(10)) \(text)"
        }
    }

    /// Returns a title in which nothing is Markdown or HTML by chance. Between backticks nothing else can be.
    private static func plain(_ title: String) -> String {
        let parts = quoted(title, limit: 200).split(separator: "`", omittingEmptySubsequences: false)
        let isPaired = parts.count % 2 == 1
        return parts.enumerated().map { place, part in
            guard place % 2 == 0 || !isPaired else { return String(part) }
            return part.reduce(into: "") { text, character in
                if "\\<>[]*_".contains(character) { text.append("\\") }
                text.append(character)
            }
        }.joined(separator: isPaired ? "`" : "\\`")
    }
}
