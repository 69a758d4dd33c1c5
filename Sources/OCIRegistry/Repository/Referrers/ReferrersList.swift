import OCIModel

/// The list under a fallback tag. Entries of others are preserved as they are, known here or not.
struct ReferrersList {
    private var document: [String: JSONValue]

    init() {
        document = [
            "schemaVersion": .integer(2), "mediaType": .text(MediaType.index.rawValue), "manifests": .array([]),
        ]
    }

    init(_ bytes: [UInt8], of what: String) throws {
        do { document = try CanonicalJSON.decode(JSONValue.self, from: bytes).members } catch {
            throw OCIRegistryError(.protocolViolation, "cannot read the list of referrers of \(what)")
        }
    }

    private var entries: [JSONValue] { document["manifests"]?.elements ?? [] }

    func contains(_ digest: Digest) -> Bool {
        entries.contains { $0.members["digest"] == .text(digest.description) }
    }

    func adding(_ more: [Descriptor]) throws -> [UInt8] {
        var document = document
        document["manifests"] = .array(entries + (try more.map { try JSONValue($0) }))
        return try CanonicalJSON.encode(JSONValue.object(document))
    }
}
