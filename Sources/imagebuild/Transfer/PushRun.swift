import ImageAssembly
import ImageDefinition
import OCIContent
import OCIModel
import OCIRegistry

/// One `imagebuild push`, after the build: all content to all repositories, then all tags.
struct PushRun: Sendable {
    /// A repository that gets the image.
    struct Target: Sendable {
        var repository: RegistryRepository
        /// As it was asked for, without the tag.
        var name: String
        /// Of the whole image.
        var tag: String
    }

    /// What happened, or would happen, to one repository.
    struct Pushed: Encodable {
        var repository: String
        var tag: String
        /// Of the index, else of each platform's manifest.
        var digests: [Digest]
        var moves: [Publication.Move]
        var isUnchanged: Bool
    }

    /// Which tags may move, and which are set.
    struct TagRules: Sendable {
        /// A tag that stands somewhere stays there.
        var isImmutable: Bool
        var setsLatest: Bool
    }

    var rules: TagRules
    var record: NamingRecord
    var console: Console

    /// Of a target: what its names are to stand for, and which of them do not yet.
    struct Planned: Sendable {
        var target: Target
        var publication: Publication
        var moves: [Publication.Move]

        /// The repository, which sets a tag only if it still is where it was found.
        var expecting: RegistryRepository {
            var repository = target.repository
            for move in moves { repository.tagExpectations[move.name] = move.from.map { .at($0) } ?? .absent }
            return repository
        }
    }

    /// Looks at every repository before anything is sent to one.
    ///
    /// - Throws: `CommandError` where a tag would move that must not.
    func plan(_ targets: [Target], _ names: (Target) throws -> Publication) async throws -> [Planned] {
        var plans: [Planned] = []
        for target in targets {
            var publication = try names(target)
            if rules.setsLatest, let root = publication.whole.first?.root {
                publication.whole.append(Publication.Name("latest", root))
            }
            let moves = try await publication.moves(at: target.repository)
            plans.append(Planned(target: target, publication: publication, moves: moves))
        }
        let moved = plans.flatMap { plan in
            plan.moves.compactMap { move in move.from.map { "\(plan.target.name):\(move.name) is at \($0)" } }
        }
        guard !rules.isImmutable || moved.isEmpty else {
            throw CommandError(
                status: .refused,
                message: "--immutable: a tag would move\n" + moved.map { "  \($0)" }.joined(separator: "\n"),
                hint: "raise the revision, or push without --immutable")
        }
        return plans
    }

    /// Sends content to every repository where a tag moves, and only then moves the tags, each only if it is still where
    /// it was found.
    func push(_ plans: [Planned], from source: PushSource) async throws -> [Pushed] {
        let moving = plans.filter { !$0.moves.isEmpty }
        var contents: [CopyPlan] = []
        for plan in moving { contents.append(try await source.send(plan)) }
        for (plan, content) in zip(moving, contents) {
            try await move(plan) { try await content.setNames(at: $0, [($1.name, $1.to)]) }
        }
        return report(plans)
    }

    /// Moves the tags of one repository in their order, and says so of each.
    func move(_ plan: Planned, _ set: (RegistryRepository, Publication.Move) async throws -> Void) async throws {
        let repository = plan.expecting
        for move in plan.moves {
            let tag = "\(plan.target.name):\(move.name)"
            try await record.setting(tag) { try await set(repository, move) }
            console.note("\(tag): " + (move.from.map { "moved from \($0)" } ?? "set"))
        }
    }

    /// What happened in each repository; says where nothing had to.
    func report(_ plans: [Planned]) -> [Pushed] {
        for plan in plans where plan.moves.isEmpty {
            console.note("\(plan.target.name):\(plan.target.tag): nothing changed")
        }
        return plans.map { Pushed($0) }
    }

    /// What `push` would do.
    func forecast(_ plans: [Planned], from source: PushSource) async throws -> [TransferForecast] {
        var forecasts: [TransferForecast] = []
        for plan in plans {
            let content = plan.moves.isEmpty ? CopyForecast() : try await source.forecast(plan)
            forecasts.append(
                TransferForecast(name: plan.target.name, digests: plan.publication.digests, content, plan.moves))
        }
        return forecasts
    }
}

extension PushRun.Pushed {
    init(_ plan: PushRun.Planned) {
        self.init(
            repository: plan.target.name, tag: plan.target.tag, digests: plan.publication.digests, moves: plan.moves,
            isUnchanged: plan.moves.isEmpty)
    }
}
