import OCIModel

/// The texts that tell people of a release.
package struct Announcement: Hashable, Sendable, Codable {
    package struct Step: Hashable, Sendable, Codable {
        package var title: String
        package var command: String
    }

    /// The release notes in Markdown.
    package var notes: String
    /// The list of authors as the guide's own line gives it.
    package var guideAuthors: String
    /// The authors and co-authors by the source's `.mailmap`, without robots.
    package var authors: [String]
    /// The mail; `nil` if the release file has none.
    package var mail: String?
    /// The commands for people to run afterwards.
    package var afterwards: [Step]

    /// Reads the history between two releases and writes the texts.
    ///
    /// - Parameters:
    ///   - release: The release.
    ///   - git: Its checkout.
    ///   - notes: The notes as somebody finished them; `nil` for their skeleton.
    /// - Throws: `ReleaseError` `.tool` if git does not answer.
    package init(_ release: Release, _ git: Git, notes: String?) async throws {
        let previous = release.previous.map { "refs/tags/\($0.tag)" }
        let commits = try await git.commits(since: previous, to: release.commit)
        self.notes = notes ?? ReleaseNotes(release, commits).text(release)
        guideAuthors = try await Authors.guideLine(release, git)
        authors = try await Authors.names(of: commits, git)
        afterwards = release.file.afterwards.filter { step in
            step.holds(for: release.version) && step.releases.includes(release.version)
                && (release.version.isStable || !step.isForStable)
        }.map { Step(title: $0.title, command: release.filled($0.command)) }
        mail = release.file.announcement.map { rules in
            let page = release.file.downloads.compactMap { $0.page(of: release) }.joined(separator: " and ")
            let text = release.filled(
                rules.text,
                with: [.notes: self.notes, .authors: authors.joined(separator: ", "), .page: page])
            return "To: \(rules.to)\nSubject: \(release.filled(rules.subject))\n\n\(text)"
        }
    }
}

extension DownloadPlace {
    /// Returns the address at which people find a release; `nil` for a folder without one.
    func page(of release: Release) -> String? {
        switch self {
        case .github(let owner, let repository, _):
            "https://github.com/\(owner)/\(repository)/releases/tag/\(release.tag)"
        case .folder(_, let address): address.map { "\($0)/\(release.tag)" }
        }
    }
}
