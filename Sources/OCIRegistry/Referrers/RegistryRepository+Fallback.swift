import NIOHTTP1
import OCIModel

extension RegistryRepository {
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
        try await memory.turns.take("\(name) referrers of \(subject)") { try await add(entry, toReferrersOf: subject) }
    }

    /// Reads the list, adds the entry, writes, and reads again: another writer's list may have taken the place of ours.
    ///
    /// Where the registry honours `If-Match`, no entry can be lost. Where it does not, one can between two processes that
    /// write for one subject at the very same time.
    private func add(_ entry: Descriptor, toReferrersOf subject: Digest) async throws {
        for _ in 0..<8 {
            let list: ReferrersList
            var condition = ("If-None-Match", "*")
            switch try await fallback(of: subject) {
            case .none: list = ReferrersList()
            case .index(let document, let etag):
                list = try ReferrersList(document.bytes, of: "\(place)@\(subject)")
                condition = ("If-Match", etag ?? "")
            case .somethingElse:
                throw OCIRegistryError(
                    .unsupported,
                    "\(transport.host) keeps no referrers, and what stands under the tag for those of \(subject) is no list"
                )
            }
            guard !list.contains(entry.digest) else { return }
            try await put(try list.adding(entry), under: "sha256-\(subject.hex)", condition.1.isEmpty ? nil : condition)
        }
        throw OCIRegistryError(
            .conflict, "the list of the referrers of \(place)@\(subject) is written by others, again and again",
            hint: "let one process write to a repository at a time")
    }

    /// A list that somebody else wrote meanwhile (412, 409) stays; the next reading shows it.
    private func put(_ bytes: [UInt8], under tag: String, _ condition: (String, String)?) async throws {
        guard bytes.count <= settings.documentLimit else {
            throw OCIRegistryError(.tooLarge, "the list of referrers \(place):\(tag) would have \(bytes.count) bytes")
        }
        var request = request(.PUT, "manifests/\(tag)", [200, 201, 202, 204, 409, 412], writes: true)
        request.headers.add(name: "Content-Type", value: MediaType.index.rawValue)
        if let condition { request.headers.add(name: condition.0, value: condition.1) }
        request.body = .bytes(bytes)
        _ = try await answer(to: request, limit: 64 << 10)
    }
}

/// What a manifest or index says of itself as a referrer.
private struct ReferringDocument: Decodable {
    struct Configuration: Decodable { var mediaType: MediaType }

    var subject: Descriptor?
    var artifactType: String?
    var config: Configuration?
    var annotations: Annotations?

    /// The descriptor as lists of referrers hold it.
    func entry(_ descriptor: Descriptor) -> Descriptor {
        var entry = Descriptor(mediaType: descriptor.mediaType, digest: descriptor.digest, size: descriptor.size)
        entry.artifactType = artifactType ?? config?.mediaType.rawValue
        entry.annotations = annotations
        return entry
    }
}

/// The list under a fallback tag. What others wrote into it is kept as it is, known here or not.
struct ReferrersList {
    private var document: [String: JSONValue]

    init() {
        document = [
            "schemaVersion": .integer(2), "mediaType": .text(MediaType.index.rawValue), "manifests": .array([]),
        ]
    }

    init(_ bytes: [UInt8], of what: String) throws {
        do { document = try CanonicalJSON.decode(JSONValue.self, from: bytes).members } catch {
            throw OCIRegistryError(.protocolViolation, "the list of the referrers of \(what) cannot be read")
        }
    }

    private var entries: [JSONValue] { document["manifests"]?.elements ?? [] }

    func contains(_ digest: Digest) -> Bool {
        entries.contains { $0.members["digest"] == .text(digest.description) }
    }

    func adding(_ entry: Descriptor) throws -> [UInt8] {
        var document = document
        document["manifests"] = .array(entries + [try JSONValue(entry)])
        return try CanonicalJSON.encode(JSONValue.object(document))
    }
}
