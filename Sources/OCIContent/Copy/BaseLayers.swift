package import OCIModel

extension CopyPlan {
    /// Returns the lowest layers of images for Windows that a source is known to lack: those of a base image that was
    /// pinned but not pulled. Any other missing layer counts as damage.
    package func absentBaseLayers(in source: any ContentSource) async throws -> Set<Digest> {
        var absent: Set<Digest> = []
        for document in documents where document.children.isEmpty {
            let layers = document.blobs.dropFirst()
            let missing = layers.prefix { source.holds($0) == false }
            guard !missing.isEmpty, missing.count < layers.count, let config = document.blobs.first,
                source.holds(config) == true, config.size <= CopyLimits().documentSize
            else { continue }
            let bytes = try await source.document(config)
            guard (try? CanonicalJSON.decode(ImageConfig.self, from: bytes))?.os == "windows" else { continue }
            absent.formUnion(missing.map(\.digest))
        }
        return absent
    }
}
