import OCIModel

/// A commit, as notes and lists of authors need it.
package struct GitCommit: Hashable, Sendable {
    package var id: String
    package var parents: [String]
    /// The author's name as the commit has it.
    package var author: String
    /// The author's name and address after the source's `.mailmap`.
    package var mappedAuthor: String
    package var subject: String
    package var body: String

    package var isMerge: Bool { parents.count > 1 }

    /// The names and addresses of the trailers `Co-authored-by`.
    package var coauthors: [String] {
        body.split(separator: "\n").compactMap { line in
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2, parts[0].lowercased() == "co-authored-by" else { return nil }
            let person = parts[1].drop { $0 == " " }
            return person.contains("<") ? String(person) : nil
        }
    }
}

extension Git {
    /// Reads the commits that one has and another has not.
    ///
    /// - Parameters:
    ///   - previous: The commit or tag before; all commits if there is none.
    ///   - commit: The later one.
    /// - Returns: The commits, the newest first.
    /// - Throws: `ReleaseError` `.tool` if git does not answer.
    package func commits(since previous: String?, to commit: String) async throws -> [GitCommit] {
        let fields = ["%H", "%P", "%an", "%aN <%aE>", "%s", "%b"].joined(separator: "%x00")
        let excluded = previous.map { ["^\($0)"] } ?? []
        let bytes = try await run(
            ["log", "-z", "--topo-order", "--format=tformat:\(fields)", commit] + excluded + ["--"])
        var parts = bytes.split(separator: 0, omittingEmptySubsequences: false).map {
            String(decoding: $0, as: UTF8.self)
        }[...]
        var commits: [GitCommit] = []
        while parts.count >= 6 {
            let part = Array(parts.prefix(6))
            parts = parts.dropFirst(6)
            commits.append(
                GitCommit(
                    id: part[0], parents: part[1].split(separator: " ").map(String.init), author: part[2],
                    mappedAuthor: part[3], subject: part[4], body: part[5]))
        }
        return commits
    }

    /// Returns people by the source's `.mailmap`, each as `Name <address>`, in the same order.
    func mapped(_ people: [String]) async throws -> [String] {
        guard !people.isEmpty else { return [] }
        let lines = people.map { $0.filter { $0 != "\n" && $0 != "\r" } }
        let bytes = try await run(
            ["check-mailmap", "--stdin"], input: Array((lines.joined(separator: "\n") + "\n").utf8))
        let mapped = bytes.split(separator: 10).map { String(decoding: $0, as: UTF8.self) }
        return mapped.count == people.count ? mapped : people
    }
}
