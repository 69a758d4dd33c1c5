package import OCIModel

/// A manifest, an index, or any other document that takes a manifest's place, as far as a copy must know it.
package struct CopyDocument: Hashable, Sendable {
    package let descriptor: Descriptor
    package let bytes: [UInt8]
    /// The documents to which it refers, in its order.
    package let children: [Descriptor]
    /// The configuration and layers, and the entries of an index that are blobs, in its order; a blob may occur twice.
    package let blobs: [Descriptor]
    /// The document that this one says something about: it must be there before.
    package let subject: Digest?

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
        let parts: Document<Descriptor>
        do { parts = try Document(bytes) } catch {
            guard !type.isDocument else { throw Self.refusal(descriptor, "it cannot be read: \(error)") }
            (children, blobs, subject) = ([], [], nil)
            return
        }
        if let own = parts.mediaType, own != type {
            throw Self.refusal(
                descriptor, "its media type is '\(own.rawValue)', but it is referred to as '\(type.rawValue)'")
        }
        guard !parts.isAmbiguous else { throw Self.refusal(descriptor, "it is both an index and a manifest") }
        guard !type.isIndex || parts.manifests != nil else { throw Self.refusal(descriptor, "it has no 'manifests'") }
        guard !isManifest || (parts.config != nil && parts.layers != nil) else {
            throw Self.refusal(descriptor, "it has no 'config' or no 'layers'")
        }
        subject = parts.subject?.digest
        let entries = parts.manifests ?? []
        children = entries.filter { !$0.mediaType.isBlob }
        blobs =
            [parts.config].compactMap { $0 } + (parts.layers ?? []) + (parts.blobs ?? [])
            + entries.filter(\.mediaType.isBlob)
        for part in children + blobs {
            if let reason = part.flaw { throw Self.refusal(descriptor, reason) }
        }
    }

    static func refusal(_ descriptor: Descriptor, _ reason: String, hint: String? = nil) -> ContentError {
        ContentError(.invalidDocument, "cannot copy \(descriptor.digest): \(reason)", hint: hint)
    }

    /// Returns the children that are for one of the platforms or state none, with the attestations of those
    /// (BuildKit, "Attestation Storage").
    ///
    /// - Throws: `ContentError` `.missing` if a platform is among none of the children.
    func children(for platforms: [PlatformChoice]) throws(ContentError) -> [Descriptor] {
        guard children.contains(where: { $0.platform != nil }) else { return children }
        for choice in platforms where !children.contains(where: { $0.platform.map(choice.includes) ?? false }) {
            throw ContentError(.missing, "the index \(descriptor.digest) has no entry for \(choice)")
        }
        let wanted = children.filter { child in
            child.platform.map { platform in platforms.contains { $0.includes(platform) } } ?? true
        }
        let digests = Set(wanted.map(\.digest.description))
        let attestations = children.filter { child in
            child.annotations?["vnd.docker.reference.digest"].map(digests.contains) ?? false
        }
        return wanted + attestations.filter { !digests.contains($0.digest.description) }
    }
}
