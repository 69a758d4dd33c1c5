import OCIModel

/// The skeleton of a release's notes: an introduction to be written, and a line for each change in groups.
package struct ReleaseNotes: Hashable, Sendable {
    /// A change as users know it: a pull request, or a commit that came without one.
    package struct Change: Hashable, Sendable {
        package var title: String
        package var pullRequest: Int?
        package var commit: String

        /// Reads a commit of the branch itself; a merge's pull request stands for all that it merged, of which `merged`
        /// is the last commit.
        init(_ commit: GitCommit, merged: GitCommit? = nil) {
            self.commit = commit.id
            let words = commit.subject.split(separator: " ")
            if commit.isMerge, Self.hidesItsTitle(commit) {
                pullRequest = words.count > 3 && words[3].hasPrefix("#") ? Int(words[3].dropFirst()) : nil
                let first = commit.body.split(separator: "\n").first.map(String.init)
                title = first ?? merged?.subject ?? commit.subject
            } else if let last = words.last, last.hasPrefix("(#"), last.hasSuffix(")"),
                let number = Int(last.dropFirst(2).dropLast())
            {
                pullRequest = number
                title = words.dropLast().joined(separator: " ")
            } else {
                pullRequest = nil
                title = commit.subject
            }
        }

        /// Whether GitHub wrote the subject: the title is in the body, or nowhere. It names no pull request for the mend of
        /// a weakness that was kept secret.
        private static func hidesItsTitle(_ commit: GitCommit) -> Bool {
            commit.subject.hasPrefix("Merge pull request #") || commit.subject == "Merge commit from fork"
        }

        /// The words before the colon, without a branch in brackets: `server` of `[release-3.6] server: fix`.
        var prefix: String {
            var rest = title[...]
            if rest.hasPrefix("["), let end = rest.firstIndex(of: "]") {
                rest = rest[rest.index(after: end)...].drop { $0 == " " }
            }
            let head = rest.prefix { $0 != ":" }
            guard head.endIndex != rest.endIndex else { return "" }
            return head.prefix { $0 != "," && $0 != "/" }.lowercased()
        }
    }

    package struct Group: Hashable, Sendable {
        package var title: String
        package var changes: [Change]
    }

    package let groups: [Group]

    /// Groups changes; those that no group's words begin come last, under a heading of their own.
    package init(_ changes: [Change], rules: NotesRules) {
        var rest = changes
        var groups: [Group] = []
        for rule in rules.groups {
            let words = Set(rule.prefixes.map { $0.lowercased() })
            let own = rest.filter { words.contains($0.prefix) }
            rest.removeAll { words.contains($0.prefix) }
            if !own.isEmpty { groups.append(Group(title: rule.title, changes: own)) }
        }
        if !rest.isEmpty {
            groups.append(Group(title: rules.groups.isEmpty ? "Changes" : "Other changes", changes: rest))
        }
        self.groups = groups
    }
}
