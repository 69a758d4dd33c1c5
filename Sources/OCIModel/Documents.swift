/// An image of one platform (image-spec, manifest.md).
package struct Manifest: Hashable, Sendable, Codable {
    package var schemaVersion = 2
    /// The media type, which OCI's form may leave out.
    package var mediaType: MediaType? = .manifest
    /// The type of this document if it is not an image (manifest.md, "Guidelines for Artifact Usage").
    package var artifactType: String?
    package var config: Descriptor
    package var layers: [Descriptor]
    /// The document that this one describes: this one is among its referrers.
    package var subject: Descriptor?
    package var annotations: Annotations?

    package init(config: Descriptor, layers: [Descriptor], annotations: Annotations? = nil) {
        self.config = config
        self.layers = layers
        self.annotations = annotations
    }
}

/// The platforms of an image (image-spec, image-index.md), or the root of a layout (image-layout.md, `index.json`).
package struct Index: Hashable, Sendable, Codable {
    package var schemaVersion = 2
    /// The media type, which is absent in the `index.json` of some foreign layouts.
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

/// The content of `oci-layout`, the file that marks a folder as an OCI layout (image-layout.md).
package struct LayoutMarker: Hashable, Sendable, Codable {
    package var imageLayoutVersion = "1.0.0"
    package init() {}
}

/// A value together with the exact bytes that it was read from or is written as: fetched documents are never
/// re-encoded.
package struct Encoded<Value: Sendable>: Sendable {
    package let value: Value
    package let bytes: [UInt8]
    package let descriptor: Descriptor
}

extension Encoded where Value: Decodable {
    /// Decodes bytes and keeps them as they are.
    ///
    /// - Throws: `DecodingError` if the bytes do not describe such a value.
    package init(decoding bytes: [UInt8], as mediaType: MediaType) throws {
        self.init(
            value: try CanonicalJSON.decode(Value.self, from: bytes), bytes: bytes,
            descriptor: Descriptor(mediaType: mediaType, digest: Digest(of: bytes), size: Int64(bytes.count)))
    }
}

extension Encoded where Value: Encodable {
    /// Encodes a value canonically.
    package init(_ value: Value, as mediaType: MediaType, platform: Platform? = nil) throws {
        let bytes = try CanonicalJSON.encode(value)
        self.init(
            value: value, bytes: bytes,
            descriptor: Descriptor(
                mediaType: mediaType, digest: Digest(of: bytes), size: Int64(bytes.count), platform: platform))
    }
}
