import OCIContent
import OCIModel
package import OCIRegistry
import Scheduling

/// A run of a mirror file: it surveys the registries, plans and copies.
///
/// Repositories are surveyed while the images of others are copied. A failure is the result of one tag and stops no
/// other.
package struct MirrorRun: Sendable {
    let file: MirrorFile
    let registries: RegistryAccess
    let meters: Meters
    /// The records of earlier runs; without them nothing is remembered.
    let records: MirrorRecords?
    /// Whether the records of earlier runs count as answers of the destinations.
    let trustsRecords: Bool
    let now: @Sendable () -> Int64
    let observe: @Sendable (MirrorResult) -> Void
    let transfers: Transfers

    /// The repositories that are surveyed at the same time.
    private static let groupsAtOnce = 4

    package init(
        _ file: MirrorFile, registries: RegistryAccess, meters: Meters, records: MirrorRecords?,
        trustsRecords: Bool = false, now: @escaping @Sendable () -> Int64,
        observe: @escaping @Sendable (MirrorResult) -> Void = { _ in }
    ) {
        self.file = file
        self.registries = registries
        self.meters = meters
        self.records = records
        self.trustsRecords = trustsRecords
        self.now = now
        self.observe = observe
        transfers = Transfers(journal: records?.journal)
        meters.recall(records?.pulls ?? [])
    }

    /// Keeps what counts against quotas. Without it a later run asks for more than it may, and is told so.
    private func keepPulls() { try? records?.note(meters.pulls) }

    var time: Timestamp { Timestamp(seconds: now()) }

    /// The requests so far, to all registries.
    package var requests: Int { meters.requests }

    /// Surveys, and changes nothing.
    ///
    /// - Parameter withCost: Whether the destinations are asked for every blob of what would be copied.
    /// - Returns: What a run would do.
    /// - Throws: `CancellationError`; whatever else fails is a part of the plan.
    package func plan(withCost: Bool) async throws -> MirrorPlan {
        let made = time
        defer { keepPulls() }
        var groups = try await mapConcurrently(file.groups, limit: Self.groupsAtOnce) { group in
            var (tags, sources) = try await survey(group, readsAll: true)
            if withCost { try await addCosts(to: &tags, sources) }
            return tags
        }
        // There may be very many: no tag is held twice.
        var tags = groups.isEmpty ? [] : groups.removeFirst()
        while !groups.isEmpty { tags += groups.removeFirst() }
        return MirrorPlan(file: file.text, made: made, tags: tags)
    }

    /// Surveys and copies: all of the file, or what is one process's part of it.
    package func run(_ shard: Shard? = nil) async throws -> MirrorReport {
        let began = time
        defer { keepPulls() }
        try recallDeadRun()
        let own = shard.map { Set(file.images(of: $0)) }
        let groups = file.groups.filter { group in own?.isSuperset(of: group) ?? true }
        let results = try await mapConcurrently(groups, limit: Self.groupsAtOnce) { group in
            let (tags, sources) = try await survey(group, readsAll: false)
            return try await apply(tags, sources, isReviewed: false)
        }
        return try ended(began, results.flatMap { $0 })
    }

    /// Copies what a plan says, and refuses each tag whose source or destination is not as the plan found it.
    package func apply(_ plan: MirrorPlan) async throws -> MirrorReport {
        let began = time
        defer { keepPulls() }
        try recallDeadRun()
        let byImage = Dictionary(grouping: plan.tags) { $0.image }
        let results = try await mapConcurrently(byImage.keys.sorted(), limit: Self.groupsAtOnce) { image in
            try await apply(byImage[image] ?? [], [image: try source(of: image)], isReviewed: true)
        }
        return try ended(began, results.flatMap { $0 })
    }

    /// Takes over what the run that this one continues knew of the destinations.
    private func recallDeadRun() throws {
        guard let remains = records?.journal.remains, !remains.isEmpty else { return }
        for target in file.images.flatMap(\.targets) {
            guard let remains = remains[target.place] else { continue }
            let repository = try registries.repository(target)
            for digest in remains.present { repository.assumePresent(digest) }
            if remains.wasNew { repository.assumeNew() }
            if let takes = remains.takesBlobsAtOnce { repository.assumeTakesBlobsAtOnce(takes) }
        }
    }

    func report(since began: Timestamp, _ results: [MirrorResult]) -> MirrorReport {
        MirrorReport(
            began: began.description, ended: time.description, requests: meters.requests, results: results)
    }

    private func ended(_ began: Timestamp, _ results: [MirrorResult]) throws -> MirrorReport {
        let report = report(since: began, results)
        if report.verdict != .outOfQuota { try records?.journal.end() }
        return report
    }
}

extension MirrorRun {
    func source(of index: Int) throws -> ListedSource {
        let image = file.images[index]
        let repository = try registries.repository(image.source)
        guard let origin = image.signatureOrigin else { return ListedSource(repository) }
        return ListedSource(SignedSource(repository, origin: try registries.repository(origin)))
    }

    private func survey(_ group: [Int], readsAll: Bool) async throws -> ([PlannedTag], [Int: ListedSource]) {
        var tags: [PlannedTag] = []
        var sources: [Int: ListedSource] = [:]
        for index in group {
            let image = file.images[index]
            let source = try source(of: index)
            sources[index] = source
            let repository = try registries.repository(image.source)
            let survey = RepositorySurvey(
                image: image, source: source, current: { try await repository.current($0) },
                targets: try image.targets.map { try registries.repository($0) },
                known: image.targets.map { records?.ledger.known(in: $0.place) ?? [:] },
                done: image.targets.map { records?.journal.remains[$0.place]?.done ?? [:] },
                trustsRecords: trustsRecords, readsAll: readsAll, now: time)
            let answers = try await RequestTally.counting("survey \(image.source.place)") { _ in
                try await survey.ask()
            }
            let planned = file.plan(index, answers, now: time)
            // There may be very many: those of the first image are not copied.
            if tags.isEmpty { tags = planned } else { tags += planned }
        }
        return (group.count > 1 ? tags.refusingConflicts() : tags, sources)
    }

    private func apply(
        _ tags: [PlannedTag], _ sources: [Int: ListedSource], isReviewed: Bool
    ) async throws -> [MirrorResult] {
        var order: [String] = []
        var jobs: [String: [PlannedTag]] = [:]
        for tag in tags {
            let key = "\(tag.image) \(tag.tag)"
            if jobs[key] == nil { order.append(key) }
            jobs[key, default: []].append(tag)
        }
        let results = try await mapConcurrently(order.compactMap { jobs[$0] }, limit: Transfers.imagesAtOnce) {
            tags -> [MirrorResult] in
            guard let first = tags.first, let source = sources[first.image] else { return [] }
            let copy = ImageCopy(
                image: file.images[first.image], run: self, source: source, isReviewed: isReviewed)
            let results = try await copy.results(for: tags)
            for result in results { observe(result) }
            return results
        }
        return results.flatMap { $0 }
    }
}
