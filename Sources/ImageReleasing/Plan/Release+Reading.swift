package import SystemPackage

extension Release {
    /// Reads from a checkout what a version's release is made of.
    ///
    /// - Throws: `ReleaseError` `.refused` if the version, or its previous one, has no tag.
    package init(
        _ file: ReleaseFile, home: FilePath, git: Git, version: SemanticVersion, previous: SemanticVersion?
    ) async throws {
        try await git.requireCheckout()
        guard let tag = try await git.tag(version.tag) else {
            throw ReleaseError(
                .refused, "there is no tag \(version.tag) in \(git.checkout)",
                hint: "make it with git tag -s \(version.tag), or fetch the tags")
        }
        if let previous, try await git.tag(previous.tag) == nil {
            throw ReleaseError(
                .refused, "there is no tag \(previous.tag) of the previous version in \(git.checkout)",
                hint: "fetch the tags, or correct --previous")
        }
        let date = try await git.date(of: tag.commit)
        try self.init(
            file, home: home, checkout: git.checkout, version: version, previous: previous, commit: tag.commit,
            date: date)
    }
}
