package import OCIContent
package import OCIModel

/// A repository of base images, as far as a build reads it: manifests and configurations, no layers.
package protocol BaseImageSource: Sendable {
    /// The manifest or index under a tag.
    ///
    /// - Throws: `ImageInputsError` or `ContentError`; with `.notFound` or `.missing` the repository has no such tag.
    func baseImage(tagged tag: String) async throws -> Descriptor

    /// The exact bytes of a manifest, an index or a configuration, checked against the descriptor.
    func baseDocument(_ descriptor: Descriptor) async throws -> [UInt8]
}

extension OCILayout: BaseImageSource {
    package func baseImage(tagged tag: String) async throws -> Descriptor {
        try await descriptor(named: tag)
    }
    package func baseDocument(_ descriptor: Descriptor) async throws -> [UInt8] { try await document(descriptor) }
}
