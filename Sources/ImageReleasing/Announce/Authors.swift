import OCIModel

/// The people who contributed between two releases.
package enum Authors {
    /// Returns the list exactly as the guide's line of `git log`, `sort`, `uniq`, `tr` and `sed` gives it in the C locale.
    package static func guideLine(_ release: Release, _ git: Git) async throws -> String {
        guard let previous = release.previous else { return "" }
        let bytes = try await git.run(["log", "\(release.commit)...refs/tags/\(previous.tag)", "--format=%an", "--"])
        let names = Set(bytes.split(separator: 10).map { Array($0) }).sorted { $0.lexicographicallyPrecedes($1) }
        return names.map { String(decoding: $0, as: UTF8.self) }.joined(separator: ",")
            .replacing(",", with: ", ")
    }

    /// Returns the names of authors and co-authors by the source's `.mailmap`, each once, without robots.
    package static func names(of commits: [GitCommit], _ git: Git) async throws -> [String] {
        let coauthors = try await git.mapped(commits.flatMap(\.coauthors))
        let people = (commits.map(\.mappedAuthor) + coauthors).map { person in
            quoted(person.prefix { $0 != "<" }).split(separator: " ").joined(separator: " ")
        }
        return Set(people).filter { !$0.isEmpty && !$0.hasSuffix("[bot]") }.sorted { a, b in
            let (left, right) = (a.lowercased(), b.lowercased())
            return left == right
                ? a.utf8.lexicographicallyPrecedes(b.utf8) : left.utf8.lexicographicallyPrecedes(right.utf8)
        }
    }
}
