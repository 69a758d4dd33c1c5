import NIOHTTP1
import OCIModel
import SystemPackage

/// The page of a release in a GitHub repository: a draft until every file is there and is what it should be, then
/// published, once.
package struct GitHubPage: Sendable {
    let api: GitHubAPI
    let owner: String
    let repository: String
    /// The tag, which is also the title.
    let version: SemanticVersion

    private static let pageLimit = 100

    package init(_ api: GitHubAPI, owner: String, repository: String, version: SemanticVersion) {
        (self.api, self.owner, self.repository, self.version) = (api, owner, repository, version)
    }

    /// The path of the repository's releases.
    private var releases: String { "/repos/\(owner)/\(repository)/releases" }

    /// Returns all releases that can be seen: drafts only with a token that may write.
    func all() async throws -> [GitHubRelease] {
        try await pages(of: releases, "the releases of \(owner)/\(repository)", GitHubRelease.self)
    }

    /// Returns the published page of the version, as everybody sees it; `nil` if there is none.
    func published() async throws -> GitHubRelease? {
        let answer = try await api.send(.GET, "\(releases)/tags/\(version.tag)", mayRepeat: true)
        if answer.status == 404 { return nil }
        guard answer.status == 200 else { throw answer.refusal(to: "read the page of \(version.tag)") }
        return try answer.decoded(GitHubRelease.self, of: "the page")
    }

    func assets(of release: GitHubRelease) async throws -> [GitHubAsset] {
        try await pages(of: "\(releases)/\(release.id)/assets", "the files of \(version.tag)", GitHubAsset.self)
    }

    private func pages<Item: Decodable>(of path: String, _ what: String, _ type: Item.Type) async throws -> [Item] {
        var items: [Item] = []
        for page in 1...Self.pageLimit {
            let answer = try await api.send(.GET, "\(path)?per_page=100&page=\(page)", mayRepeat: true)
            guard answer.status == 200 else { throw answer.refusal(to: "read \(what)") }
            let part = try answer.decoded([Item].self, of: what)
            items += part
            if part.count < 100 { return items }
        }
        throw ReleaseError(.publication, "\(owner)/\(repository) has more releases than can be looked at")
    }

    /// Returns the page of this version among all; the published one, if there is one.
    ///
    /// - Throws: `ReleaseError` `.publication` for two drafts: a person has to say which counts.
    func own(among all: [GitHubRelease]) throws(ReleaseError) -> GitHubRelease? {
        let own = all.filter { $0.tagName == version.tag }
        if let published = own.first(where: { !$0.draft }) { return published }
        guard own.count < 2 else {
            throw ReleaseError(
                .publication, "\(owner)/\(repository) has \(own.count) drafts for \(version.tag)",
                hint: "remove all but one")
        }
        return own.first
    }

    /// Makes the draft.
    func create(notes: String) async throws -> GitHubRelease {
        let fields = GitHubReleaseFields(
            tagName: version.tag, name: version.tag, body: notes, draft: true, prerelease: !version.isStable,
            makeLatest: nil)
        let answer = try await api.send(.POST, releases, fields, mayRepeat: false)
        guard answer.status == 201 else { throw answer.refusal(to: "make the draft of \(version.tag)") }
        return try answer.decoded(GitHubRelease.self, of: "the draft")
    }

    /// Brings the files of a draft to what they should be: uploads what is missing, and replaces what is broken or other.
    func fill(
        _ draft: GitHubRelease, with assets: [Asset], from path: (Asset) -> FilePath,
        _ observe: (String) -> Void
    ) async throws {
        var present = try await byName(draft)
        for asset in assets {
            if let old = present[asset.name] {
                if try await isSame(old, asset) { continue }
                try await remove(old)
            }
            observe("uploading \(asset.name)")
            guard let template = draft.uploadUrl else {
                throw ReleaseError(.publication, "GitHub does not say where files of \(version.tag) are uploaded to")
            }
            let answer = try await api.upload(path(asset), size: asset.size, as: asset.name, to: template)
            // A broken upload of an earlier moment can still hold the name: then it is looked at again below.
            guard answer.status == 201 || answer.isDuplicate else { throw answer.refusal(to: "upload \(asset.name)") }
        }
        present = try await byName(draft)
        for asset in assets {
            guard let found = present[asset.name], try await isSame(found, asset) else {
                throw ReleaseError(
                    .publication, "\(asset.name) is not at GitHub what was uploaded; the page stays a draft",
                    hint: "run the step again: it uploads that file anew")
            }
        }
        let known = Set(assets.map(\.name))
        if let foreign = present.keys.filter({ !known.contains($0) }).min() {
            throw ReleaseError(
                .publication,
                "the draft of \(version.tag) has the file \(quoted(foreign)), which is not of this release",
                hint: "remove it from the draft, and run the step again")
        }
    }

    /// Refuses a published page whose files are not those of the release: what is published stays.
    func requireSame(_ page: GitHubRelease, _ assets: [Asset]) async throws {
        let present = try await byName(page)
        var wrong: [String] = []
        for asset in assets {
            guard let found = present[asset.name], try await isSame(found, asset) else {
                wrong.append(asset.name)
                continue
            }
        }
        guard wrong.isEmpty, present.count == assets.count else {
            let how = page.immutable == true ? "It is immutable" : "What is published is never changed"
            throw ReleaseError(
                .publication,
                "\(version.tag) is published at \(owner)/\(repository) with other files: "
                    + (wrong.isEmpty ? "there are more of them" : wrong.joined(separator: ", ")),
                hint: "\(how): find out where it came from; a correction needs a new version")
        }
    }

    /// Publishes the draft: from now on everybody sees it. Without notes it keeps those that it has.
    func publish(_ draft: GitHubRelease, isLatest: Bool, notes: String? = nil) async throws -> GitHubRelease {
        let fields = GitHubReleaseFields(
            tagName: version.tag, body: notes, draft: false, prerelease: !version.isStable,
            makeLatest: isLatest ? "true" : "false")
        let answer = try await api.send(.PATCH, "\(releases)/\(draft.id)", fields, mayRepeat: true)
        guard answer.status == 200 else { throw answer.refusal(to: "publish \(version.tag)") }
        let page = try answer.decoded(GitHubRelease.self, of: "the page")
        guard !page.draft else {
            throw ReleaseError(.publication, "GitHub has not published \(version.tag): it is still a draft")
        }
        return page
    }

    /// Puts a notice before the notes of the published page, once. Files, tag and title stay, as they must.
    ///
    /// - Returns: `false` if the version has no published page.
    func withdraw(notice: String) async throws -> Bool {
        guard let page = try await published() else { return false }
        let body = page.body ?? ""
        guard !body.hasPrefix(notice) else { return true }
        let answer = try await api.send(
            .PATCH, "\(releases)/\(page.id)", GitHubReleaseFields(body: notice + body), mayRepeat: true)
        guard answer.status == 200 else { throw answer.refusal(to: "change the notes of \(version.tag)") }
        return true
    }

    /// Returns whether this is the highest stable version of all that are published.
    func isHighest(among all: [GitHubRelease]) -> Bool {
        guard version.isStable else { return false }
        let others = all.filter { !$0.draft && !$0.prerelease }.compactMap { try? SemanticVersion($0.tagName) }
        return others.allSatisfy { !$0.isStable || $0 <= version }
    }

    private func byName(_ release: GitHubRelease) async throws -> [String: GitHubAsset] {
        Dictionary(try await assets(of: release).map { ($0.name, $0) }) { first, _ in first }
    }

    /// Whether a file at GitHub is an asset: by its digest, or by its bytes where GitHub states none.
    private func isSame(_ found: GitHubAsset, _ asset: Asset) async throws -> Bool {
        if let answer = found.isSame(as: asset) { return answer }
        guard let address = found.url else { return false }
        let download = GitHubDownload(api: api)
        return try await download.digest(of: address, size: asset.size) == asset.digest
    }

    private func remove(_ asset: GitHubAsset) async throws {
        let answer = try await api.send(.DELETE, "\(releases)/assets/\(asset.id)", mayRepeat: true)
        guard answer.status == 204 || answer.status == 404 else { throw answer.refusal(to: "remove \(asset.name)") }
    }
}
