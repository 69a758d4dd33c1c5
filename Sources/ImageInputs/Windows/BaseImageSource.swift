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

/// Stands for a repository that cannot be read from here: everything asked of it is the error that says why.
package struct UnreachableBaseImages: BaseImageSource {
    private let repository: String
    package init(repository: String) { self.repository = repository }

    package func baseImage(tagged tag: String) async throws -> Descriptor { throw failure("\(repository):\(tag)") }

    package func baseDocument(_ descriptor: Descriptor) async throws -> [UInt8] {
        throw failure("\(repository)@\(descriptor.digest)")
    }

    private func failure(_ reference: String) -> ImageInputsError {
        ImageInputsError(
            .unreachable,
            "cannot read the base image \(reference): reading base images from registries is not supported yet",
            hint:
                "copy it to an OCI layout on another machine (skopeo copy --override-os windows docker://\(reference) oci:DIR:TAG), "
                + "and set windows.base to oci:DIR")
    }
}
