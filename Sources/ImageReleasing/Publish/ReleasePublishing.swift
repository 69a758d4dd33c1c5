import HTTPTransfer
import ImageAssembly
package import ImageBuilding
import OCIContent
import OCIModel
package import OCIRegistry
import SystemPackage

/// The step that publishes: first everything goes where nobody is pointed to yet, then tags are set and pages
/// published.
///
/// Drafts are filled and checked, then the content of images goes to all registries, then their tags are set, at last
/// the pages are published. A failure leaves drafts and content without tags, and the step can be run again.
package struct ReleasePublishing: Sendable {
    /// The ways to the places.
    package struct Access: Sendable {
        package var registries: RegistryAccess
        /// Returns the API of a GitHub with this base address.
        package var github: @Sendable (String) throws -> GitHubAPI
        /// Plans the push of an image under the names of a release.
        package var push: @Sendable (ImageFolder) throws -> PushRequest

        package init(
            registries: RegistryAccess, github: @escaping @Sendable (String) throws -> GitHubAPI,
            push: @escaping @Sendable (ImageFolder) throws -> PushRequest
        ) {
            (self.registries, self.github, self.push) = (registries, github, push)
        }
    }

    let release: Release
    let folder: ReleaseFolder
    let images: ReleaseImages
    let access: Access
    /// The text of the pages; `nil` leaves what a draft has.
    let notes: String?
    let observe: @Sendable (String) -> Void

    /// Prepares the step.
    package init(
        _ release: Release, _ folder: ReleaseFolder, images: ReleaseImages, access: Access, notes: String?,
        observe: @escaping @Sendable (String) -> Void
    ) {
        (self.release, self.folder, self.images, self.access) = (release, folder, images, access)
        (self.notes, self.observe) = (notes, observe)
    }

    /// Looks at every place, and says what would be done there.
    ///
    /// - Throws: `ReleaseError`: `.incomplete` before the release is signed, `.publication` for a place that has something
    ///   else under the version's name; `ImageBuildingError` for a tag that would move.
    package func plan() async throws -> PublishingPlan {
        try folder.require(.sign, before: .publish)
        try folder.check()
        var plan = PublishingPlan(hasNotes: notes?.contains { !$0.isWhitespace } ?? false)
        for (name, image) in try await images.build() {
            guard let released = release.images.first(where: { $0.name == name }) else { continue }
            plan.images.append(
                try await ImagePublication(released, image, release, access, try images.definition(of: released)))
        }
        for place in release.file.downloads { plan.pages.append(try await pagePlan(place)) }
        return plan
    }

    private func pagePlan(_ place: DownloadPlace) async throws -> PublishingPlan.Page {
        switch place {
        case .github(let owner, let repository, let api):
            let page = GitHubPage(
                try access.github(api), owner: owner, repository: repository, version: release.version)
            let all = try await page.all()
            let own = try page.own(among: all)
            if let own, !own.draft { try await page.requireSame(own, folder.assets) }
            return .init(
                place: place.description, kind: .github(page, own, isLatest: page.isHighest(among: all)),
                isDone: own.map { !$0.draft } ?? false)
        case .folder(let path, _):
            let folderPlace = FolderPlace(
                release.home.pushing(FilePath(path)).lexicallyNormalized(), tag: release.tag)
            return .init(
                place: place.description, kind: .folder(folderPlace),
                isDone: try folderPlace.has(folder.assets, of: folder))
        }
    }

    /// Does what a plan says. A failure, of whatever place, is followed by how to go on.
    package func apply(_ plan: PublishingPlan) async throws {
        do { try await publish(plan) } catch {
            observe("\(release.tag) is not published as a whole: what is there stays; run the step again to go on")
            throw error
        }
    }

    private func publish(_ plan: PublishingPlan) async throws {
        var drafts: [String: GitHubRelease] = [:]
        for page in plan.pages where !page.isDone {
            switch page.kind {
            case .github(let github, let known, _):
                let draft: GitHubRelease
                if let known { draft = known } else { draft = try await github.create(notes: notes ?? "") }
                observe("\(page.place): draft of \(release.tag)")
                try await github.fill(draft, with: folder.assets, from: folder.path(of:), observe)
                drafts[page.place] = draft
            case .folder(let place): try place.stage(folder.assets, of: folder)
            }
        }
        let observe = observe
        try await ImageBuilding.publish(
            plan.images.flatMap(\.plans),
            observe: { event in if let line = event.line { observe(line) } })
        for image in plan.images { try folder.record(image.record, as: "published/image/\(image.name)", by: .publish) }
        for page in plan.pages { try await publish(page, drafts[page.place]) }
        if !folder.isDone(.publish) { try folder.finish(.publish) }
    }

    /// Says what withdrawing the release would change, a line for each place.
    ///
    /// - Throws: `ReleaseError` `.incomplete` for a release that is not published.
    package func withdrawalPlan(_ reason: String) throws -> String {
        try folder.requirePublished()
        let lines = release.file.downloads.map { place in
            if case .github = place { return "\(place): the notes will begin with the reason" }
            return "\(place): has no notes, and stays as it is; tell its users"
        }
        return (["\(release.tag) is withdrawn: \(reason)"] + lines).map { $0 + "\n" }.joined()
    }

    /// Marks a published release as one that nobody should use: in its record, and in the notes of its pages. Nothing
    /// that was published is removed or moved.
    package func withdraw(_ withdrawal: Withdrawal) async throws {
        try folder.requirePublished()
        let recorded = try folder.withdraw(withdrawal)
        for place in release.file.downloads {
            guard case .github(let owner, let repository, let api) = place else { continue }
            let page = GitHubPage(
                try access.github(api), owner: owner, repository: repository, version: release.version)
            let isThere = try await page.withdraw(notice: recorded.notice)
            observe(
                "\(place): " + (isThere ? "the notes say that \(release.tag) is withdrawn" : "there is no such page"))
        }
        if !folder.isDone(.withdraw) { try folder.finish(.withdraw) }
    }

    private func publish(_ page: PublishingPlan.Page, _ draft: GitHubRelease?) async throws {
        var address = page.place
        switch page.kind {
        case .github(let github, let known, let isLatest):
            let done = if let draft { try await github.publish(draft, isLatest: isLatest, notes: notes) } else { known }
            address = done?.htmlUrl ?? page.place
        case .folder(let place): if !page.isDone { try place.publish() }
        }
        let way = address == page.place ? "" : ", \(address)"
        observe("\(page.place): published" + (page.isDone ? " already" : way))
        let record = ["address": address, "tag": release.tag, "files": "\(folder.assets.count)"]
        try folder.record(record, as: "published/\(page.place)", by: .publish)
    }
}

extension PublicationEvent {
    /// The event in a line; `nil` for what a person need not know.
    fileprivate var line: String? {
        switch self {
        case .set(let name, let old): "set \(name)" + (old.map { ", before at \($0)" } ?? "")
        case .unchanged(let name): "\(name) stands already"
        default: nil
        }
    }
}
