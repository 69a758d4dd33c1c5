import OCIModel

/// The fields of a manifest that a registry must know; the rest of its bytes is carried unread.
struct ManifestDocument: Sendable, Decodable {
    struct Link: Sendable, Decodable {
        var mediaType: String?
        var digest: String
        var size: Int64?
        /// Other addresses of the content, which then need not be in this registry.
        var urls: [String]?

        /// Whether the content was never meant to be stored in registries (image-spec, layer.md, "Non-Distributable
        /// Layers").
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

    /// Reads a manifest of any type. Bytes that are not JSON are refused; missing fields are not.
    ///
    /// - Throws: `RegistryServerError` `.manifestInvalid`.
    init(_ bytes: [UInt8], as mediaType: String) throws {
        do { self = try CanonicalJSON.decode(Self.self, from: bytes) } catch {
            throw RegistryServerError(
                .manifestInvalid, "the manifest is not a JSON object, or a field has the wrong type")
        }
        if let own = self.mediaType, own != mediaType {
            throw RegistryServerError(
                .manifestInvalid, "the manifest has the media type '\(own)', but the request names '\(mediaType)'")
        }
        // A document that one client reads as an index and another as an image is ambiguous (CVE-2021-41190).
        guard manifests == nil || (layers == nil && config == nil) else {
            throw RegistryServerError(.manifestInvalid, "the manifest has both 'manifests' and 'config' or 'layers'")
        }
    }

    /// The artifact type that the referrers API reports for this manifest (image-spec, "Listing Referrers").
    var referrerType: String? { artifactType ?? config?.mediaType }
}

/// An entry in the answer of the referrers API.
struct ReferrerDescriptor: Sendable, Codable {
    var mediaType: String
    var digest: String
    var size: Int64
    var artifactType: String?
    var annotations: [String: String]?
}

/// The answer of the referrers API: an index whose entries may have any digest algorithm.
struct ReferrersIndex: Sendable, Encodable {
    var schemaVersion = 2
    var mediaType = MediaType.index.rawValue
    var manifests: [ReferrerDescriptor]
}
