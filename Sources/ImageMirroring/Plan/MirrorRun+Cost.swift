import OCIContent
import OCIModel
import OCIRegistry
import Scheduling

extension MirrorRun {
    /// Adds to each tag what copying it takes. Blobs that several images share are counted with the first, as they are
    /// sent with it.
    func addCosts(to tags: inout [PlannedTag], _ sources: [Int: ListedSource]) async throws {
        var placed: [String: PlacedDigests] = [:]
        var plans: [String: CopyPlan] = [:]
        for index in tags.indices {
            var tag = tags[index]
            guard tag.isWork, let root = tag.root, let source = sources[tag.image] else { continue }
            let image = file.images[tag.image]
            var options = CopyOptions()
            options.withReferrers = image.referrers != .none
            options.platforms = image.platforms
            do {
                let key = "\(tag.image) \(root.digest)"
                let isFirst = plans[key] == nil
                let plan: CopyPlan
                if let read = plans[key] {
                    plan = read
                } else {
                    plan = try await CopyPlan(reading: [root.descriptor], from: source, options)
                }
                plans = [key: plan]
                guard let target = image.targets.first(where: { $0.place == tag.target }) else { continue }
                let repository = try registries.repository(target)
                tag.cost = try await cost(
                    of: plan, from: source, at: repository, placed: &placed, isFirst: isFirst,
                    names: plan.companions.count + 1)
            } catch {
                try Task.checkCancellation()
                (tag.change, tag.outcome, tag.reason) = (.refuse, Outcome(error), "\(error)")
            }
            tags[index] = tag
        }
    }

    private func cost(
        of plan: CopyPlan, from source: any ContentSource, at repository: RegistryRepository,
        placed: inout [String: PlacedDigests], isFirst: Bool, names: Int
    ) async throws -> PlannedCost {
        var cost = PlannedCost()
        let (host, place) = (repository.transport.host, "\(repository.transport.host)/\(repository.name)")
        let blobs = plan.blobs.filter { placed[place]?.contains($0.digest) != true }
        let arrivals = try await mapConcurrently(blobs, limit: 8) { try await repository.forecast($0, from: source) }
        for (blob, arrival) in zip(blobs, arrivals) {
            let isAtHost = placed[host]?.contains(blob.digest) == true
            switch arrival {
            case .present:
                cost.blobsPresent += 1
                cost.bytesPresent &+= blob.size
                cost.requests += 1
            case .sent where !isAtHost:
                cost.blobsToSend += 1
                cost.bytesToSend &+= blob.size
                cost.requests += 3
            case .sent, .mounted:
                cost.blobsToMount += 1
                cost.bytesToMount &+= blob.size
                cost.requests += 1
            }
            placed[host, default: PlacedDigests()].insert(blob.digest)
            placed[place, default: PlacedDigests()].insert(blob.digest)
        }
        let documents = plan.documents.filter { placed[place]?.contains($0.descriptor.digest) != true }
        for document in documents { placed[place, default: PlacedDigests()].insert(document.descriptor.digest) }
        cost.documents = documents.count
        cost.pulls = isFirst ? plan.documents.count : 0
        // Each document is read and written, and its referrers are listed; then the names are set.
        cost.requests += documents.count + cost.pulls * 2 + names
        return cost
    }
}

/// The digests that are somewhere when what is planned before is done. There are several for each tag of a plan, so that
/// only a few bytes of each are kept: where two had them in common, an estimate would be too low by one.
private struct PlacedDigests {
    private var starts: Set<UInt64> = []

    private static func start(of digest: Digest) -> UInt64 { UInt64(digest.hex.prefix(16), radix: 16) ?? 0 }

    func contains(_ digest: Digest) -> Bool { starts.contains(Self.start(of: digest)) }
    mutating func insert(_ digest: Digest) { starts.insert(Self.start(of: digest)) }
}
