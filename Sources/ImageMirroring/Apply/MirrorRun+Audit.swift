import OCIContent
import OCIModel
import OCIRegistry
import Scheduling

extension MirrorRun {
    /// Compares the destinations with the ledger and with the sources; nothing is changed.
    ///
    /// - Parameter entries: The last entry of each tag.
    /// - Returns: A report in which whatever is not as it was recorded is red.
    /// - Throws: `CancellationError`; whatever else fails is a result.
    package func audit(_ entries: [LedgerEntry]) async throws -> MirrorReport {
        let began = time
        let places = Dictionary(
            file.images.enumerated().flatMap { index, image in image.targets.map { ($0.place, (index, $0)) } },
            uniquingKeysWith: { first, _ in first })
        let results = try await mapConcurrently(entries, limit: Transfers.imagesAtOnce) { entry -> MirrorResult? in
            guard let (index, target) = places[entry.target] else { return nil }
            let tag = PlannedTag(
                source: entry.source, target: entry.target, tag: entry.tag, change: .unchanged,
                from: entry.digest, image: index)
            return try await RequestTally.counting("audit \(tag.name)") { tally in
                var result = MirrorResult(tag, .unchanged)
                do { try await audit(entry, at: target, &result) } catch {
                    try Task.checkCancellation()
                    result = MirrorResult(tag, failed: error)
                }
                result.requests = tally.requests
                return result
            }
        }
        return report(since: began, results.compactMap { $0 })
    }

    private func audit(_ entry: LedgerEntry, at target: ImageReference, _ result: inout MirrorResult) async throws {
        let repository = try registries.repository(target)
        let found = try await repository.current(entry.tag)?.digest
        guard found == entry.digest else {
            result.outcome = found == nil ? .missing : .changed
            result.reason = "the ledger has \(entry.digest), the destination \(found.map { "\($0)" } ?? "no such tag")"
            return
        }
        for attachment in entry.attachments {
            guard try await repository.current(attachment.digest.description) == nil else { continue }
            result.outcome = .incomplete
            result.reason = "\(attachment.tag ?? "\(attachment.digest)") is no longer there"
            return
        }
        let source = try await registries.repository(try ImageReference(entry.source)).current(entry.tag)?.digest
        guard source != entry.digest else { return }
        result.outcome = source == nil ? .missing : .changed
        result.reason = "the source has \(source.map { "\($0)" } ?? "no such tag") now"
    }
}
