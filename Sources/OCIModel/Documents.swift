/// An image of one platform (image-spec, manifest.md).
package struct Manifest: Hashable, Sendable, Codable {
    package var schemaVersion = 2
    package var mediaType: MediaType = .manifest
    /// What this is, where it is no image (manifest.md, "Guidelines for Artifact Usage").
    package var artifactType: String?
    package var config: Descriptor
    package var layers: [Descriptor]
    /// The document that this one says something about: it is one of that document's referrers.
    package var subject: Descriptor?
    package var annotations: Annotations?

    package init(config: Descriptor, layers: [Descriptor], annotations: Annotations? = nil) {
        self.config = config
        self.layers = layers
        self.annotations = annotations
    }
}

/// The platforms of an image (image-spec, image-index.md), or the top of a layout (image-layout.md, `index.json`).
package struct Index: Hashable, Sendable, Codable {
    package var schemaVersion = 2
    /// Absent in some foreign layouts' `index.json`.
    package var mediaType: MediaType? = .index
    package var artifactType: String?
    package var manifests: [Descriptor]
    package var subject: Descriptor?
    package var annotations: Annotations?

    package init(manifests: [Descriptor], annotations: Annotations? = nil) {
        self.manifests = manifests
        self.annotations = annotations
    }
}

/// `oci-layout`, the file that marks a folder as an OCI layout (image-layout.md).
package struct LayoutMarker: Hashable, Sendable, Codable {
    package var imageLayoutVersion = "1.0.0"
    package init() {}
}

/// A value together with the exact bytes that it was read from or is written as: what was fetched is never re-encoded.
package struct Encoded<Value: Sendable>: Sendable {
    package let value: Value
    package let bytes: [UInt8]
    package let descriptor: Descriptor
}

extension Encoded where Value: Decodable {
    /// Takes bytes as they are, with what they say.
    ///
    /// - Throws: `DecodingError` where they do not say it.
    package init(decoding bytes: [UInt8], as mediaType: MediaType) throws {
        self.init(
            value: try CanonicalJSON.decode(Value.self, from: bytes), bytes: bytes,
            descriptor: Descriptor(mediaType: mediaType, digest: Digest(of: bytes), size: Int64(bytes.count)))
    }
}

extension Encoded where Value: Encodable {
    /// Encodes canonically.
    package init(_ value: Value, as mediaType: MediaType, platform: Platform? = nil) throws {
        let bytes = try CanonicalJSON.encode(value)
        self.init(
            value: value, bytes: bytes,
            descriptor: Descriptor(
                mediaType: mediaType, digest: Digest(of: bytes), size: Int64(bytes.count), platform: platform))
    }
}
