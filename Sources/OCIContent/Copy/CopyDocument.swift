package import OCIModel

/// A manifest, an index, or what else stands where a manifest does, as far as copying it has to know it.
package struct CopyDocument: Hashable, Sendable {
    package let descriptor: Descriptor
    package let bytes: [UInt8]
    /// Documents that it refers to, in its order.
    package let children: [Descriptor]
    /// Configuration and layers, in its order; a blob may stand there twice.
    package let blobs: [Descriptor]

    /// Reads a document. A type that is not known, and whose bytes say nothing of other content, is carried as it is.
    ///
    /// - Throws: `ContentError` `.invalidDocument`: not what its type says, both an index and a manifest, another type in
    ///   it than its descriptor's, sizes that cannot be, `data` of other bytes than the digest's; Docker's first schema.
    package init(_ bytes: [UInt8], as descriptor: Descriptor) throws(ContentError) {
        self.descriptor = descriptor
        self.bytes = bytes
        let type = descriptor.mediaType
        guard !type.rawValue.hasPrefix("application/vnd.docker.distribution.manifest.v1") else {
            throw Self.refusal(
                descriptor, "it is of Docker's first schema, which is no longer used",
                hint: "push the image again with a tool of this decade")
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
                descriptor, "it calls itself '\(own.rawValue)', and what refers to it '\(type.rawValue)'")
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
    /// All that one document may say of other content.
    private struct Parts: Decodable {
        var mediaType: MediaType?
        var manifests: [Descriptor]?
        var config: Descriptor?
        var layers: [Descriptor]?
        /// Of the artifact manifest, which the specification has given up.
        var blobs: [Descriptor]?
    }
}

extension Descriptor {
    /// Why it cannot be true; its content, where it holds that, must be of its digest and size.
    fileprivate var flaw: String? {
        guard size >= 0 else { return "it names \(digest) with a negative size" }
        guard let data else { return nil }
        guard let bytes = Base64.decode(data), Int64(bytes.count) == size, digest.isOf(bytes) else {
            return "it holds content for \(digest) that is not of that digest and size"
        }
        return nil
    }
}
