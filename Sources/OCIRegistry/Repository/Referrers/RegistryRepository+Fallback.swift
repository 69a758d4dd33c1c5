import NIOHTTP1
import OCIContent
import OCIModel
import Scheduling

/// What a run has put into one subject's fallback list.
struct AttachedReferrers: Sendable {
    var entries: [Descriptor] = []
    /// The longest time between asking for the list and having written it.
    var slowest = Duration.zero
}

extension RegistryRepository {
    private static let rounds = 8
    private static let longestPause = Duration.seconds(10)

    /// Called for a document that was just put: where the registry did not say that it noted the subject, the document is
    /// added to the list under the subject's fallback tag (distribution-spec, "Pushing Manifests with Subject").
    ///
    /// - Parameters:
    ///   - bytes: the document's.
    ///   - descriptor: of the document.
    ///   - answered: the `OCI-Subject` header.
    /// - Throws: `OCIRegistryError` `.unsupported` where the registry has no such lists, `.conflict` where others keep writing
    ///   to this one.
    func noteSubject(of bytes: [UInt8], _ descriptor: Descriptor, answered: String?) async throws {
        guard let document = try? CanonicalJSON.decode(ReferringDocument.self, from: bytes),
            let subject = document.subject?.digest
        else { return }
        guard answered == nil else { return memory.setReferrersAPI(name, true) }
        let entry = document.entry(descriptor)
        try await memory.turns.take("\(name) referrers of \(subject)") {
            var attached = memory.attached(to: subject, in: name)
            if !attached.entries.contains(entry) { attached.entries.append(entry) }
            defer { memory.setAttached(attached, to: subject, in: name) }
            try await list(&attached, of: subject, untilSeen: false)
        }
    }

    /// Looks whether all that this run attached is still listed, and adds what is not.
    ///
    /// Where the registry honours `If-Match`, nothing was lost. Where it does not, another writer's list may have taken
    /// the place of ours: one that was read before ours was written. So it is looked for after a pause in which such a
    /// writer comes to its end, and whoever has to write again does that too. An entry is lost only to a writer that
    /// stands still between reading and writing for longer than that.
    package func confirm() async throws {
        _ = try await mapConcurrently(memory.attachedSubjects(in: name), limit: 4) { subject in
            try await memory.turns.take("\(name) referrers of \(subject)") {
                var attached = memory.attached(to: subject, in: name)
                try await list(&attached, of: subject, untilSeen: true)
                memory.setAttached(AttachedReferrers(), to: subject, in: name)
            }
        }
    }

    /// Reads the list, and writes it with the entries that it lacks, until that is done; `untilSeen`, until another reading
    /// a while later shows them.
    private func list(_ attached: inout AttachedReferrers, of subject: Digest, untilSeen: Bool) async throws {
        for round in 0..<Self.rounds {
            if untilSeen || round > 0 { try await Task.sleep(for: pause(before: round, attached)) }
            let start = ContinuousClock.now
            let (list, condition) = try await list(of: subject)
            let missing = attached.entries.filter { !list.contains($0.digest) }
            guard !missing.isEmpty else { return }
            let isWritten = try await put(list.adding(missing), under: .referrers(of: subject), condition)
            attached.slowest = max(attached.slowest, .now - start)
            if isWritten, !untilSeen { return }
        }
        throw OCIRegistryError(
            .conflict, "the list of the referrers of \(place)@\(subject) is written by others, again and again",
            hint: "let one process write to a repository at a time")
    }

    /// Twice as long as this run's own slowest writing takes at least, longer from round to round, and of another length
    /// for each entry, so that two writers do not meet again and again.
    private func pause(before round: Int, _ attached: AttachedReferrers) -> Duration {
        let base = max(settings.firstPause, attached.slowest * 2) * (1 << min(round, 4))
        let digits = attached.entries.last?.digest.hex.dropFirst(2 * round).prefix(2) ?? ""
        let share = Int(digits, radix: 16) ?? 0
        return min(base + base * share / 256, Self.longestPause)
    }

    /// The list as it is now, and the condition under which it may be replaced.
    private func list(of subject: Digest) async throws -> (ReferrersList, condition: (String, String)?) {
        switch try await fallback(of: subject) {
        case .none: return (ReferrersList(), ("If-None-Match", "*"))
        case .index(let document, let etag):
            return (try ReferrersList(document.bytes, of: "\(place)@\(subject)"), etag.map { ("If-Match", $0) })
        case .somethingElse:
            throw OCIRegistryError(
                .unsupported,
                "\(transport.host) keeps no referrers, and what stands under the tag for those of \(subject) is no list"
            )
        }
    }

    /// - Returns: whether the list was written. One that somebody else wrote meanwhile (412, 409) stays, and after a passing
    ///   failure it is not sent again: by then it may be old. The next reading shows what is there.
    private func put(_ bytes: [UInt8], under tag: Tag, _ condition: (String, String)?) async throws -> Bool {
        guard bytes.count <= settings.documentLimit else {
            throw OCIRegistryError(.tooLarge, "the list of referrers \(place):\(tag) would have \(bytes.count) bytes")
        }
        let passing: Set<UInt> = [408, 409, 412, 425, 429, 500, 502, 503, 504]
        var request = request(.PUT, "manifests/\(tag)", passing.union([200, 201, 202, 204]), writes: true)
        request.headers.add(name: "Content-Type", value: MediaType.index.rawValue)
        if let condition { request.headers.add(name: condition.0, value: condition.1) }
        request.body = .bytes(bytes)
        request.isRepeatable = false
        do { return try await transport.send(request) { !passing.contains($0.status) } } catch {
            guard (error as? OCIRegistryError)?.code == .interrupted else { throw error }
            return false
        }
    }
}
