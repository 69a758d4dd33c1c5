import ImageAssembly
import ImageBuilding
import OCIContent
import OCIModel
import OCIRegistry

/// An image of a release with the tags that it is to have in all its repositories.
struct ImagePublication: Sendable {
    /// The record of it.
    struct Record: Codable, Hashable, Sendable {
        var index: Digest
        var repositories: [String]
        /// The digests by tag, the same in every repository.
        var tags: [String: Digest]
    }

    /// A tag that moves in a repository.
    struct PlacedMove: Sendable {
        var place: String
        var move: Publication.Move
    }

    let name: String
    let plans: [PublicationPlan]
    let record: Record

    /// Plans the tags of a version, which never move, and `latest`, which only moves forwards.
    init(
        _ image: ReleasedImage, _ built: BuiltImage, _ release: Release, _ access: ReleasePublishing.Access,
        _ definition: ImageFolder
    ) async throws {
        name = image.name
        let tags = release.tags(of: image)
        let publication = try Publication(of: built, tags: tags)
        let push = try access.push(definition)
        var plans = try await push.plans(built, as: publication, in: image.repositories)
        try Self.refuseMoves(plans)
        if image.latest == .stable, release.version.isStable {
            let latest = Publication(parts: [], whole: [.init("latest", built.index)])
            for repository in image.repositories {
                let known = try await Self.tags(of: access.registries.repository(repository))
                guard release.version.isHighest(among: known) else { continue }
                plans += try await push.plans(built, as: latest, in: [repository])
            }
        }
        self.plans = plans
        record = Record(
            index: built.index.digest, repositories: image.repositories.map(\.place),
            tags: Dictionary((publication.parts + publication.whole).map { ($0.name, $0.root.digest) }) { $1 })
    }

    /// Returns the tags of a repository; none if it is not there yet.
    private static func tags(of repository: RegistryRepository) async throws -> [String] {
        do { return try await repository.tags() } catch let error as OCIRegistryError where error.code == .notFound {
            return []
        }
    }

    /// Refuses to move a tag of a version: it stands where it was set once.
    private static func refuseMoves(_ plans: [PublicationPlan]) throws(ReleaseError) {
        for plan in plans {
            guard let move = plan.moves.first(where: { $0.from != nil }), let from = move.from else { continue }
            throw ReleaseError(
                .publication, "the tag \(plan.place):\(move.name) is at \(from), and would have to move to \(move.to)",
                hint: "a released tag never moves: find out who set it; a correction needs a new version")
        }
    }

    var moves: [PlacedMove] { plans.flatMap { plan in plan.moves.map { PlacedMove(place: plan.place, move: $0) } } }

    /// The repositories in which nothing moves.
    var standing: [String] { plans.filter { $0.moves.isEmpty }.map { "\($0.place):\($0.tag)" } }
}

extension Publication {
    /// The names of a release: each platform's manifest first, the index last.
    fileprivate init(of image: BuiltImage, tags: ImageTags) throws {
        let parts = try tags.platforms.map { tag in
            guard let platform = image.platforms.first(where: { $0.requested == tag.platform.platform }) else {
                throw ReleaseError(.refused, "the tag \(tag.tag) is for \(tag.platform), which the image does not have")
            }
            return Name(tag.tag, platform.manifest)
        }
        self.init(parts: parts, whole: tags.index.map { Name($0, image.index) })
    }
}

extension SemanticVersion {
    /// Returns whether no stable version among tags is higher.
    func isHighest(among tags: [String]) -> Bool {
        tags.compactMap { try? SemanticVersion($0) }.allSatisfy { !$0.isStable || $0 <= self }
    }
}
