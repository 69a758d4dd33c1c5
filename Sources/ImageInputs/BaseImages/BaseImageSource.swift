package import OCIContent
package import OCIModel

/// A repository of base images.
package protocol BaseImageSource: ContentSource {
    /// Returns the manifest or index under a tag, or with a digest written as text.
    ///
    /// - Throws: `ImageInputsError` or `ContentError`; with `.notFound` or `.missing`, the repository has no such
    ///   image.
    func baseImage(named name: String) async throws -> Descriptor
}

extension OCILayout: BaseImageSource {
    package func baseImage(named name: String) async throws -> Descriptor { try await descriptor(named: name) }
}
