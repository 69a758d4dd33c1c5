/// Annotation keys and values (image-spec, annotations.md).
package typealias Annotations = [String: String]

/// A reference to a blob by type, digest and size (image-spec, descriptor.md).
package struct Descriptor: Hashable, Sendable, Codable {
    package var mediaType: MediaType
    package var digest: Digest
    /// The size in bytes.
    package var size: Int64
    package var annotations: Annotations?
    package var platform: Platform?
    /// Other addresses of the blob, for layers that registries were once not allowed to hold. They are preserved
    /// when read, but never added.
    package var urls: [String]?
    /// The type of the referenced manifest if it is not an image; lists of referrers include it.
    package var artifactType: String?
    /// The content of a small blob in base 64. It is only a claim, and must be checked against size and digest.
    package var data: String?

    package init(
        mediaType: MediaType, digest: Digest, size: Int64, annotations: Annotations? = nil, platform: Platform? = nil
    ) {
        self.mediaType = mediaType
        self.digest = digest
        self.size = size
        self.annotations = annotations
        self.platform = platform
    }
}
