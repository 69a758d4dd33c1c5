import OCIContent
import OCIModel
import OCIRegistry

extension MirrorRun {
    /// Returns the tags that a run's selection no longer has, of those that this mirror set: no other tag is ever removed.
    ///
    /// Nothing is removed from a repository of which anything is red, of which nothing is selected, or that would lose
    /// more tags than the file allows. Where several images have one, tags of those that are not pruned stay, and those
    /// that any of them keeps.
    package func prunable(after report: MirrorReport) throws -> [MirrorResult] {
        var results: [MirrorResult] = []
        var seen: Set<String> = []
        for (index, image) in file.images.enumerated() where image.prune != nil {
            for target in image.targets where seen.insert(target.place).inserted {
                let sharing = file.images.filter { $0.targets.contains { $0.place == target.place } }
                let rules = sharing.compactMap(\.prune)
                let atMost = rules.map(\.atMost).min() ?? 0
                let sources = sharing.count > 1 ? try records?.sources(of: target.place) ?? [:] : [:]
                let own = report.results.filter { $0.target == target.place }
                func planned(_ tag: String, _ outcome: Outcome) -> MirrorResult {
                    MirrorResult(
                        PlannedTag(
                            source: image.source.place, target: target.place, tag: tag, change: .unchanged, image: index
                        ),
                        outcome)
                }
                guard !own.isEmpty, own.allSatisfy(\.outcome.isGreen) else { continue }
                let wanted = Set(own.map(\.tag))
                let known = records?.ledger.known(in: target.place) ?? [:]
                let doomed = known.filter { tag, _ in
                    !wanted.contains(tag) && !rules.contains { $0.kept.contains { $0.matches(tag) } }
                        && sharing.allSatisfy { $0.prune != nil || $0.source.place != sources[tag] }
                }
                guard doomed.count <= atMost else {
                    var refused = planned("", .unselected)
                    refused.reason =
                        "\(doomed.count) of \(known.count) tags are no longer selected, and at most \(atMost) may be removed"
                    refused.hint = "check the selection; then raise 'at-most'"
                    results.append(refused)
                    continue
                }
                results += doomed.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map { tag, digest in
                    var removed = planned(tag, .removed)
                    removed.from = digest
                    return removed
                }
            }
        }
        return results
    }

    /// Returns the tags that a run would remove after it has carried out a plan.
    package func prunable(after plan: MirrorPlan) throws -> [MirrorResult] {
        try prunable(
            after: MirrorReport(
                began: plan.made, ended: plan.made, requests: 0,
                results: plan.tags.map { tag in
                    let isGreen = tag.isWork || tag.change == .unchanged || tag.change == .known
                    return MirrorResult(tag, isGreen ? .unchanged : tag.outcome ?? .failed)
                }))
    }

    /// Removes tags, and not what they stand for: `restore` can set them again. A tag that somebody else moved stays.
    package func prune(_ doomed: [MirrorResult]) async throws -> [MirrorResult] {
        try await each(doomed.filter { $0.outcome == .removed }, "remove") { result, repository, tag in
            guard let from = result.from, try await repository.current(result.tag)?.digest == from else {
                throw OCIRegistryError(.conflict, "\(result.name) is no longer what this mirror set")
            }
            try await repository.remove(tag)
            return .removed
        } + doomed.filter { $0.outcome != .removed }
    }

    /// Sets the tags again that the last entries of the ledger say were removed.
    package func restored() async throws -> MirrorReport {
        let began = time
        return report(since: began, try await restore())
    }

    private func restore() async throws -> [MirrorResult] {
        let removed = try records?.removed() ?? []
        let places = Set(file.images.flatMap(\.targets).map(\.place))
        let results = removed.filter { places.contains($0.target) }.map { entry in
            MirrorResult(
                PlannedTag(
                    source: entry.source, target: entry.target, tag: entry.tag, change: .create, from: entry.digest,
                    image: 0),
                .created)
        }
        return try await each(results, "restore") { result, repository, tag in
            guard let digest = result.digest else { return .failed }
            guard try await repository.current(result.tag) == nil else {
                throw OCIRegistryError(.conflict, "\(result.name) stands for something again")
            }
            let root = try await repository.resolve(digest.description)
            let bytes = try await repository.document(root)
            repository.assumePresent(digest)
            try await repository.tag(bytes, as: root, named: tag.description)
            return .created
        }
    }

    private func each(
        _ results: [MirrorResult], _ purpose: String,
        _ body: (MirrorResult, RegistryRepository, Tag) async throws -> Outcome
    ) async throws -> [MirrorResult] {
        var done: [MirrorResult] = []
        for var result in results {
            try Task.checkCancellation()
            do {
                let repository = try registries.repository(try ImageReference(result.target))
                guard let tag = Tag(result.tag), let digest = result.from else { continue }
                result.outcome = try await RequestTally.counting("\(purpose) \(result.name)") { _ in
                    try await body(result, repository, tag)
                }
                try records?.ledger.append(
                    LedgerEntry(
                        time: time.description, source: result.source, target: result.target, tag: result.tag,
                        outcome: result.outcome, digest: digest, from: digest, attachments: [], bytes: 0, requests: 0))
            } catch {
                try Task.checkCancellation()
                (result.outcome, result.reason) = (Outcome(error), "\(error)")
            }
            observe(result)
            done.append(result)
        }
        return done
    }
}
