package import OCIModel

/// A source on this machine's disk, which can tell at once whether it has a blob.
package protocol LocalContent: NamedContent {
    /// Whether the blob is there with its size; its bytes are checked when they are read.
    func holds(_ blob: Descriptor) -> Bool
}

extension CopyPlan {
    /// The lowest layers of images for Windows, as far as a source lacks them: those of a base image that was pinned and
    /// not pulled. Any other missing layer is damage.
    package func absentBaseLayers(in source: any LocalContent) async throws -> Set<Digest> {
        var absent: Set<Digest> = []
        for document in documents where document.children.isEmpty {
            let layers = document.blobs.dropFirst()
            let missing = layers.prefix { !source.holds($0) }
            guard !missing.isEmpty, missing.count < layers.count, let config = document.blobs.first,
                source.holds(config), config.size <= CopyLimits().documentSize
            else { continue }
            let bytes = try await source.document(config)
            guard (try? CanonicalJSON.decode(ImageConfig.self, from: bytes))?.os == "windows" else { continue }
            absent.formUnion(missing.map(\.digest))
        }
        return absent
    }
}
