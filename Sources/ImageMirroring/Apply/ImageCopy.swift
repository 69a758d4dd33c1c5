import OCIContent
import OCIModel
import OCIRegistry
import Scheduling

/// The copy of one image to all destinations that need it. Its closure is read once.
struct ImageCopy: Sendable {
    let image: MirroredImage
    let run: MirrorRun
    let source: ListedSource
    /// Whether the plan was reviewed, so that source and destinations must be as it found them.
    let isReviewed: Bool

    private var options: CopyOptions {
        var options = CopyOptions()
        options.withReferrers = image.referrers != .none
        options.platforms = image.platforms
        options.concurrency = Transfers.partsAtOnce
        return options
    }

    /// Copies one tag to those destinations whose plan says so, in their order.
    func results(for tags: [PlannedTag]) async throws -> [MirrorResult] {
        let work = tags.filter(\.isWork)
        guard let first = work.first else { return try await settled(all: tags) }
        return try await run.transfers.images.take {
            let name = "\(image.source.place):\(first.tag)"
            // Only reading shows which of two sources has what.
            let journal = image.signatureOrigin == nil ? run.transfers.journal : nil
            return try await RequestTally.counting("copy \(name)") { tally in
                let remembered: RememberedSource?
                let plan: CopyPlan
                do {
                    remembered = try (journal?.closure(of: name)).map {
                        try RememberedSource(source, keptIn: $0, now: run.time)
                    }
                    plan = try await readingWithinQuota {
                        try await closure(of: first, from: remembered ?? source)
                    }
                } catch {
                    try Task.checkCancellation()
                    return try tags.map { $0.isWork ? failed($0, error, tally) : try settled($0) }
                }
                var results: [MirrorResult] = []
                var mirrors: [any ContentSource] = []
                for tag in tags {
                    guard tag.isWork else {
                        results.append(try await checked(tag, tally))
                        continue
                    }
                    do {
                        let target = try destination(of: tag)
                        if let there = try await applied(tag, plan, at: target.repository) {
                            results.append(there)
                            continue
                        }
                        let counted = (tally.requests, tally.bytes)
                        try await put(plan, tag, at: target, mirrors)
                        results.append(try recorded(plan, tag, tally, since: results.isEmpty ? (0, 0) : counted))
                        // The next destination reads from this one: the source is read once.
                        mirrors = [target.repository]
                    } catch {
                        try Task.checkCancellation()
                        results.append(failed(tag, error, tally))
                    }
                }
                if results.allSatisfy(\.outcome.isGreen) { try remembered?.forget() }
                return results
            }
        }
    }

    /// Reads from a source with a quota one image after the other: a quota that ends while many are read may be spent on
    /// parts of all and the whole of none, each time anew.
    private func readingWithinQuota<R>(_ read: () async throws -> R) async throws -> R {
        guard run.file.registries[image.source.host]?.quota != nil else { return try await read() }
        return try await run.transfers.quotas.take(image.source.host, read)
    }

    /// Reads all documents of the image and of what belongs to it, and checks that nothing required is missing.
    private func closure(of tag: PlannedTag, from source: any ContentSource) async throws -> CopyPlan {
        let root = try await root(of: tag, from: source)
        let plan = try await CopyPlan(reading: [root], from: source, options)
        guard !image.required.isEmpty else { return plan }
        let absent = image.required.subtracting(plan.evidence(for: root.digest)).map(\.rawValue).sorted()
        guard absent.isEmpty else {
            throw IncompleteImage(
                description:
                    "\(image.source.place):\(tag.tag) (\(root.digest)) has no \(absent.joined(separator: ", no "))")
        }
        return plan
    }

    private func root(of tag: PlannedTag, from source: any ContentSource) async throws -> Descriptor {
        guard let root = tag.root else { return try await source.resolve(tag.tag) }
        guard isReviewed else { return root.descriptor }
        let current = try await run.registries.repository(image.source).current(tag.tag)?.digest
        guard current == root.digest else {
            throw Self.moved("\(image.source.place):\(tag.tag)", current, from: root.digest)
        }
        return root.descriptor
    }

    private func destination(of tag: PlannedTag) throws -> SharedDestination {
        guard let target = image.targets.first(where: { $0.place == tag.target }) else {
            throw MirrorError(.refused, "the mirror file has no destination \(tag.target)")
        }
        var repository = try run.registries.repository(target)
        if isReviewed || image.policy == .never {
            repository.tagExpectations[tag.tag] = tag.from.map { .at($0) } ?? .absent
        }
        return SharedDestination(repository: repository, place: tag.target, transfers: run.transfers)
    }

    /// Returns the result of a reviewed tag that stands already where the plan wants it, as after the same plan.
    private func applied(
        _ tag: PlannedTag, _ plan: CopyPlan, at repository: RegistryRepository
    ) async throws -> MirrorResult? {
        guard isReviewed, tag.change != .complete,
            let root = plan.roots.first?.descriptor.digest, try await repository.current(tag.tag)?.digest == root
        else { return nil }
        return MirrorResult(tag, .unchanged)
    }

    private func put(
        _ plan: CopyPlan, _ tag: PlannedTag, at target: SharedDestination, _ mirrors: [any ContentSource]
    ) async throws {
        let from: any ContentSource = mirrors.isEmpty ? source : MirroredSource(source, mirrors: mirrors)
        let names = tag.change == .complete ? [] : plan.roots.map { (tag.tag, $0.descriptor.digest) }
        try await plan.putContent(to: target, from: from, options, butFor: names.isEmpty ? nil : plan.lastRoot)
        try await plan.setNames(at: target, names)
    }

    private func recorded(
        _ plan: CopyPlan, _ tag: PlannedTag, _ tally: RequestTally, since: (requests: Int, bytes: Int64)
    ) throws -> MirrorResult {
        let outcome: Outcome =
            switch tag.change {
            case .complete: .completed
            case .move: .moved
            default: .created
            }
        var result = MirrorResult(tag, outcome)
        result.digest = plan.roots.first?.descriptor.digest
        result.attachments = plan.attachments
        (result.requests, result.bytes) = (tally.requests - since.requests, tally.bytes - since.bytes)
        try record(result)
        return result
    }

    private func record(_ result: MirrorResult) throws {
        guard let records = run.records, let digest = result.digest else { return }
        try records.ledger.append(
            LedgerEntry(
                time: run.time.description, source: result.source, target: result.target, tag: result.tag,
                outcome: result.outcome, digest: digest, from: result.from, attachments: result.attachments,
                bytes: result.bytes, requests: result.requests))
        try records.journal.note(done: result.tag, digest, at: result.target)
    }

    /// Returns the results of tags of which nothing is sent anywhere. What a reviewed plan found unchanged is asked for
    /// again: a tag that has moved since is not what was reviewed.
    private func settled(all tags: [PlannedTag]) async throws -> [MirrorResult] {
        guard isReviewed, let unchanged = tags.first(where: { $0.change == .unchanged && $0.root != nil }) else {
            return try tags.map(settled)
        }
        return try await RequestTally.counting("check \(image.source.place):\(unchanged.tag)") { tally in
            do { _ = try await root(of: unchanged, from: source) } catch {
                try Task.checkCancellation()
                return try tags.map { $0.change == .unchanged ? failed($0, error, tally) : try settled($0) }
            }
            var results: [MirrorResult] = []
            for tag in tags { results.append(try await checked(tag, tally)) }
            return results
        }
    }

    /// Returns the result of a tag for which nothing is sent; one of a reviewed plan must stand where that found it.
    private func checked(_ tag: PlannedTag, _ tally: RequestTally) async throws -> MirrorResult {
        guard isReviewed, tag.change == .unchanged else { return try settled(tag) }
        do {
            let current = try await destination(of: tag).repository.current(tag.tag)?.digest
            if current != tag.from { throw Self.moved(tag.name, current, from: tag.from) }
            return try settled(tag)
        } catch {
            try Task.checkCancellation()
            return failed(tag, error, tally)
        }
    }

    private static func moved(_ name: String, _ current: Digest?, from planned: Digest?) -> OCIRegistryError {
        OCIRegistryError(
            .conflict,
            "\(name) is at \(current?.description ?? "nothing") and was at \(planned?.description ?? "nothing") when the plan was made",
            hint: "make the plan again")
    }

    /// Returns the result of a tag for which nothing is sent. One that is found mirrored for the first time is recorded.
    private func settled(_ tag: PlannedTag) throws -> MirrorResult {
        let result = MirrorResult(tag, tag.settled)
        if result.outcome == .unchanged, run.records?.ledger.known(in: tag.target)[tag.tag] != result.digest {
            try record(result)
        }
        return result
    }

    private func failed(_ tag: PlannedTag, _ error: any Error, _ tally: RequestTally) -> MirrorResult {
        let hint =
            switch error {
            case let error as OCIRegistryError: error.hint
            case let error as ContentError: error.hint
            case let error as MirrorError: error.hint
            default: nil as String?
            }
        var result = MirrorResult(tag, failed: error, hint: hint)
        if error is IncompleteImage { result.outcome = .incomplete }
        result.requests = tally.requests
        return result
    }
}

/// Required evidence does not belong to an image.
struct IncompleteImage: Error, CustomStringConvertible {
    var description: String
}
