import NIOHTTP1
import OCIContent
import OCIModel
import Scheduling

extension RegistryRepository {
    private static let rounds = 8
    private static let longestPause = Duration.seconds(10)

    /// Handles the subject of a document that was just put: unless the registry reports that it recorded the subject,
    /// the document is added to the list under the subject's fallback tag (distribution-spec, "Pushing Manifests with
    /// Subject").
    ///
    /// - Parameters:
    ///   - bytes: The document's bytes.
    ///   - descriptor: The document's descriptor.
    ///   - answered: The `OCI-Subject` header.
    /// - Throws: `OCIRegistryError` `.unsupported` if the registry cannot hold such lists, `.conflict` if others keep
    ///   writing to this one.
    func noteSubject(of bytes: [UInt8], _ descriptor: Descriptor, answered: String?) async throws {
        guard Document<DocumentLink>.mayHaveSubject(bytes), let document = try? Document<DocumentLink>(bytes),
            let subject = document.subjectDigest
        else { return }
        guard answered == nil else { return memory.setReferrersAPI(name, true) }
        let entry = document.referrer(descriptor)
        try await memory.turns.take("\(name) referrers of \(subject)") {
            var attached = memory.attached(to: subject, in: name)
            if !attached.entries.contains(entry) { attached.entries.append(entry) }
            defer { memory.setAttached(attached, to: subject, in: name) }
            try await list(&attached, of: subject, untilSeen: false)
        }
    }

    /// Checks whether everything that this run attached is still listed, and adds what is not.
    ///
    /// If the registry honours `If-Match`, nothing was lost. If it does not, another writer's list may have replaced
    /// ours, if it was read before ours was written. The list is therefore checked after a pause in which such a writer
    /// comes to its end, and after each further write. An entry is lost only to a writer that stalls between reading
    /// and writing for longer than that.
    package func confirm() async throws {
        _ = try await mapConcurrently(memory.attachedSubjects(in: name), limit: 4) { subject in
            try await memory.turns.take("\(name) referrers of \(subject)") {
                var attached = memory.attached(to: subject, in: name)
                try await list(&attached, of: subject, untilSeen: true)
                memory.setAttached(AttachedReferrers(), to: subject, in: name)
            }
        }
    }

    /// Reads the list and writes it with its missing entries until that succeeds; with `untilSeen`, until another
    /// reading some time later shows them.
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
            .conflict, "other clients keep overwriting the list of referrers of \(place)@\(subject)",
            hint: "let only one process write to a repository at a time")
    }

    /// Returns a pause of at least twice this run's own slowest write, longer from round to round, and different for
    /// each entry, so that two writers do not keep colliding.
    private func pause(before round: Int, _ attached: AttachedReferrers) -> Duration {
        let base = settings.pause(after: round + 1, atLeast: max(settings.firstPause, attached.slowest * 2))
        let digits = attached.entries.last?.digest.hex.dropFirst(2 * round).prefix(2) ?? ""
        let share = Int(digits, radix: 16) ?? 0
        return min(base + base * share / 256, Self.longestPause)
    }

    /// Returns the list as it is now, and the condition under which it may be replaced.
    private func list(of subject: Digest) async throws -> (ReferrersList, condition: (String, String)?) {
        switch try await fallback(of: subject) {
        case .none: return (ReferrersList(), ("If-None-Match", "*"))
        case .index(let document, let etag):
            return (try ReferrersList(document.bytes, of: "\(place)@\(subject)"), etag.map { ("If-Match", $0) })
        case .somethingElse:
            throw OCIRegistryError(
                .unsupported,
                "\(transport.host) has no referrers API, and the fallback tag of \(subject) does not name a list"
            )
        }
    }

    /// Writes the list.
    ///
    /// - Returns: Whether the list was written. One that another client wrote in the meantime (412, 409) is kept, and
    ///   after a temporary failure the list is not sent again, because it may be outdated by then. The next reading
    ///   shows what is there.
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
