import OCIContent
import OCIModel
import OCIRegistry
import Scheduling

/// The questions about one repository of a mirror file: as few as the answers allow.
///
/// A repository with many unknown tags is listed once instead of being asked for each. A tag that no destination has is
/// not asked for at the source, because its manifest must be read anyway. An immutable tag that is known costs nothing.
struct RepositorySurvey: Sendable {
    /// The number of tags above which one listing is cheaper than asking for each.
    private static let few = 3
    private static let atOnce = 8

    let image: MirroredImage
    let source: any ContentSource
    let current: @Sendable (String) async throws -> Descriptor?
    let targets: [RegistryRepository]
    /// The tags of each destination that earlier runs set, with what they stood for.
    let known: [[String: Digest]]
    /// The tags of each destination that this run set before it was killed.
    let done: [[String: Digest]]
    /// Whether the records of earlier runs count as answers of the destinations.
    let trustsRecords: Bool
    /// Whether tags that no destination has are asked for at the source, too, so that a plan names their digests.
    let readsAll: Bool
    let now: Timestamp

    func ask() async throws -> ImageAnswers {
        var answers = ImageAnswers()
        var selected: [String] = []
        do {
            var listing: [String] = []
            if image.tags.needsListing {
                listing = try await source.tags()
                answers.sourceCompanions = Set(listing.filter(TagSelection.isKeptForDigest))
            }
            selected = try image.tags.select(from: listing)
        } catch {
            try Task.checkCancellation()
            let flaw = (error as? SelectionFlaw).map { "\(image.source.place): \($0.message)" }
            answers.selection = .failure(flaw.map { .init(.unselected, $0) } ?? .init(error))
            return answers
        }
        let quarantined = Set(image.quarantine.filter { now < $0.until }.map(\.tag))
        selected.removeAll { quarantined.contains($0) }
        answers.selection = .success(selected)
        for (number, target) in targets.enumerated() {
            let (states, companions) = try await ask(target, for: selected, known: known[number], done: done[number])
            answers.targets.append(states)
            answers.targetCompanions.append(companions)
        }
        answers.roots = try await roots(selected, answers.targets)
        return answers
    }

    /// Returns whether the source has to be asked for a tag, from its state at a destination.
    private func needsSource(_ state: ImageAnswers.Target) -> Bool {
        switch state {
        case .absent: readsAll
        case .known: image.policy != .immutable
        case .at: true
        case .done, .failed: false
        }
    }

    private func ask(
        _ target: RegistryRepository, for tags: [String], known: [String: Digest], done: [String: Digest]
    ) async throws -> ([ImageAnswers.Target], companions: Set<String>?) {
        var states = tags.map { tag -> ImageAnswers.Target? in
            if let digest = done[tag] { return .done(digest) }
            return image.policy == .immutable ? known[tag].map { .known($0) } : nil
        }
        var asked = states.indices.filter { states[$0] == nil }
        var companions: Set<String>?
        let unknown = trustsRecords ? asked.count : asked.count { known[tags[$0]] == nil }
        if unknown > Self.few, let listing = try await listing(of: target) {
            companions = Set(listing.filter(TagSelection.isKeptForDigest))
            let present = Set(listing)
            for index in asked {
                if !present.contains(tags[index]) {
                    states[index] = .absent
                } else if trustsRecords, let digest = known[tags[index]] {
                    states[index] = .known(digest)
                }
            }
            asked.removeAll { states[$0] != nil }
        }
        let answers = try await mapConcurrently(asked, limit: Self.atOnce) { index -> ImageAnswers.Target in
            do { return try await target.current(tags[index]).map { .at($0.digest) } ?? .absent } catch {
                try Task.checkCancellation()
                return .failed(.init(error))
            }
        }
        for (index, answer) in zip(asked, answers) { states[index] = answer }
        return (states.map { $0 ?? .absent }, companions)
    }

    /// Returns the tags of a destination; none if it does not exist yet, and `nil` if it does not list them.
    private func listing(of target: RegistryRepository) async throws -> [String]? {
        do { return try await target.tags() } catch let error as OCIRegistryError {
            return error.code == .notFound ? [] : nil
        }
    }

    private func roots(
        _ tags: [String], _ targets: [[ImageAnswers.Target]]
    ) async throws -> [ImageAnswers.Root] {
        var roots = [ImageAnswers.Root](repeating: .unread, count: tags.count)
        let asked = tags.indices.filter { index in targets.contains { needsSource($0[index]) } }
        let answers = try await mapConcurrently(asked, limit: Self.atOnce) { index -> ImageAnswers.Root in
            do {
                guard let found = try await current(tags[index]) else { return .missing }
                var root = TagRoot(found)
                // One digest that is the same is kept once.
                for target in targets {
                    if case .at(let digest) = target[index], digest == root.digest { root.digest = digest }
                }
                return .at(root)
            } catch {
                try Task.checkCancellation()
                return .failed(.init(error))
            }
        }
        for (index, answer) in zip(asked, answers) { roots[index] = answer }
        return roots
    }
}
