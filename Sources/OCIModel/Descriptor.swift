/// Annotation keys and values (image-spec, annotations.md).
package typealias Annotations = [String: String]

/// A reference to a blob: type, digest and size (image-spec, descriptor.md).
package struct Descriptor: Hashable, Sendable, Codable {
    package var mediaType: MediaType
    package var digest: Digest
    /// Bytes.
    package var size: Int64
    package var annotations: Annotations?
    package var platform: Platform?
    /// Where else the blob can be had, of layers that registries once were not allowed to have. Read, never written anew.
    package var urls: [String]?
    /// What the manifest named here is, where that is not an image; lists of referrers carry it.
    package var artifactType: String?
    /// The blob itself in base 64, of small ones. A claim, to be checked against size and digest.
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
