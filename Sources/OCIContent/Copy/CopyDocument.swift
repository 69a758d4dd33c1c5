package import OCIModel

/// A manifest, an index, or any other document that takes a manifest's place, as far as a copy must know it.
package struct CopyDocument: Hashable, Sendable {
    package let descriptor: Descriptor
    package let bytes: [UInt8]
    /// The documents to which it refers, in its order.
    package let children: [Descriptor]
    /// The configuration and layers, in its order; a blob may occur twice.
    package let blobs: [Descriptor]

    /// Reads a document. One of an unknown type, whose bytes do not refer to other content, is copied as it is.
    ///
    /// - Throws: `ContentError` `.invalidDocument` if the document does not match its type, is both an index and a
    ///   manifest, states another type than its descriptor, has impossible sizes, or has `data` that does not match its
    ///   digest, and for Docker's first schema.
    package init(_ bytes: [UInt8], as descriptor: Descriptor) throws(ContentError) {
        self.descriptor = descriptor
        self.bytes = bytes
        let type = descriptor.mediaType
        guard !type.rawValue.hasPrefix("application/vnd.docker.distribution.manifest.v1") else {
            throw Self.refusal(
                descriptor, "it uses Docker's first schema, which is obsolete",
                hint: "push the image again with a current tool")
        }
        let isManifest = type == .manifest || type == .dockerManifest
        let parts: Parts
        do { parts = try CanonicalJSON.decode(Parts.self, from: bytes) } catch {
            guard !type.isDocument else { throw Self.refusal(descriptor, "it cannot be read: \(error)") }
            (children, blobs) = ([], [])
            return
        }
        if let own = parts.mediaType, own != type {
            throw Self.refusal(
                descriptor, "its media type is '\(own.rawValue)', but it is referred to as '\(type.rawValue)'")
        }
        guard parts.manifests == nil || (parts.layers == nil && parts.config == nil) else {
            throw Self.refusal(descriptor, "it is both an index and a manifest")
        }
        guard !type.isIndex || parts.manifests != nil else { throw Self.refusal(descriptor, "it has no 'manifests'") }
        guard !isManifest || (parts.config != nil && parts.layers != nil) else {
            throw Self.refusal(descriptor, "it has no 'config' or no 'layers'")
        }
        children = parts.manifests ?? []
        blobs = [parts.config].compactMap { $0 } + (parts.layers ?? []) + (parts.blobs ?? [])
        for part in children + blobs {
            if let reason = part.flaw { throw Self.refusal(descriptor, reason) }
        }
    }

    static func refusal(_ descriptor: Descriptor, _ reason: String, hint: String? = nil) -> ContentError {
        ContentError(.invalidDocument, "cannot copy \(descriptor.digest): \(reason)", hint: hint)
    }
}

extension CopyDocument {
    /// All fields in which a document may refer to other content.
    private struct Parts: Decodable {
        var mediaType: MediaType?
        var manifests: [Descriptor]?
        var config: Descriptor?
        var layers: [Descriptor]?
        /// The blobs of an artifact manifest, which the specification has abandoned.
        var blobs: [Descriptor]?
    }
}

extension Descriptor {
    /// The reason why the descriptor cannot be true; content in it must match its digest and size.
    fileprivate var flaw: String? {
        guard size >= 0 else { return "it refers to \(digest) with a negative size" }
        guard let data else { return nil }
        guard let bytes = Base64.decode(data), Int64(bytes.count) == size, digest.isOf(bytes) else {
            return "it contains data for \(digest) that does not match that digest and size"
        }
        return nil
    }
}
