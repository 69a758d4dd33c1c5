import OCIModel

/// What a registry has to know of a manifest; the rest of its bytes is carried unread.
struct ManifestDocument: Sendable, Decodable {
    struct Link: Sendable, Decodable {
        var mediaType: String?
        var digest: String
        var size: Int64?
        /// Where else the content is; it need not be here then.
        var urls: [String]?

        /// Content that was never to be put into registries (image-spec, layer.md, "Non-Distributable Layers").
        var isElsewhere: Bool {
            let type = mediaType ?? ""
            return type.contains(".nondistributable.") || type.contains(".foreign.") || !(urls ?? []).isEmpty
        }
    }

    var schemaVersion: Int?
    var mediaType: String?
    var artifactType: String?
    var config: Link?
    var layers: [Link]?
    var manifests: [Link]?
    var subject: Link?
    var annotations: [String: String]?

    /// Reads a manifest of any type. What is not JSON is refused; fields that are not there are no reason to.
    ///
    /// - Throws: `RegistryServerError` `.manifestInvalid`.
    init(_ bytes: [UInt8], as mediaType: String) throws {
        do { self = try CanonicalJSON.decode(Self.self, from: bytes) } catch {
            throw RegistryServerError(.manifestInvalid, "the manifest is not a JSON object of the known fields' types")
        }
        if let own = self.mediaType, own != mediaType {
            throw RegistryServerError(
                .manifestInvalid, "the manifest says that it is '\(own)', the request that it is '\(mediaType)'")
        }
        // What one client reads as an index and another as an image is two things at once (CVE-2021-41190).
        guard manifests == nil || (layers == nil && config == nil) else {
            throw RegistryServerError(.manifestInvalid, "the manifest has both 'manifests' and 'config' or 'layers'")
        }
    }

    /// What the referrers API tells of this manifest (image-spec, "Listing Referrers").
    var referrerType: String? { artifactType ?? config?.mediaType }
}

/// An entry of the answer of the referrers API.
struct ReferrerDescriptor: Sendable, Codable {
    var mediaType: String
    var digest: String
    var size: Int64
    var artifactType: String?
    var annotations: [String: String]?
}

/// The answer of the referrers API: an index, whose entries may have any digest algorithm.
struct ReferrersIndex: Sendable, Encodable {
    var schemaVersion = 2
    var mediaType = MediaType.index.rawValue
    var manifests: [ReferrerDescriptor]
}
