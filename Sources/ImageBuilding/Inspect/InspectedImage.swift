import DurableFiles
package import OCIContent
package import OCIModel

/// The image of one platform, as a layout has it.
package struct InspectedPlatform: Encodable, Sendable {
    /// Leaves out the entry, of which digest and platform are shown.
    private enum CodingKeys: String, CodingKey { case platform, digest, manifest, config, absentLayers }

    /// The index's entry; of an image without an index, the descriptor of its manifest.
    package let entry: Descriptor
    package var platform: Platform
    package var digest: Digest
    package var manifest: Manifest
    package var config: ImageConfig
    /// Layers that the manifest names and that are not in the layout: those of a base image.
    package var absentLayers: [Digest]

    fileprivate init(_ entry: Descriptor, in layout: OCILayout) async throws {
        manifest = try CanonicalJSON.decode(Manifest.self, from: try await layout.document(entry))
        config = try ImageConfig(reading: try await layout.document(manifest.config))
        self.entry = entry
        platform = entry.platform ?? config.platform
        digest = entry.digest
        absentLayers = manifest.layers.filter { FileSystem.regularFileSize(layout.path(of: $0.digest)) != $0.size }
            .map(\.digest)
    }
}

/// An image with the documents of all its platforms, as a layout has it.
package struct InspectedImage: Encodable, Sendable {
    package var digest: Digest
    package var tag: String?
    package var annotations: Annotations?
    /// The platforms in the order of the index; a manifest alone is an image of one.
    package var platforms: [InspectedPlatform]

    /// Reads the documents of an image.
    ///
    /// - Throws: `ContentError` if the layout does not have them, or not as their digests say.
    package init(_ tag: String?, in layout: OCILayout) async throws {
        let root = try await layout.descriptor(named: tag)
        let index =
            root.mediaType.isIndex
            ? try CanonicalJSON.decode(Index.self, from: try await layout.document(root)) : Index(manifests: [root])
        digest = root.digest
        self.tag = root.annotations?[OCILayout.referenceName]
        annotations = index.annotations
        platforms = []
        for entry in index.manifests { platforms.append(try await InspectedPlatform(entry, in: layout)) }
    }
}
