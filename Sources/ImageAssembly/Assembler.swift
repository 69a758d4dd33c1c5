import LayerArchive
package import OCIContent
package import OCIModel
import SystemPackage

/// What happens while an image is assembled, for a person to watch.
package enum AssemblyEvent: Sendable {
    /// A layer is ready; `reused` where its recipe was known already.
    case layer(Platform, name: String, FinishedLayer, reused: Bool)
    case checked(platforms: Int)
}

/// An image whose every part is in the store. Nothing names it yet.
package struct AssembledImage: Sendable {
    package struct PlatformImage: Sendable {
        package var platform: Platform
        package var manifest: Encoded<Manifest>
        package var config: Encoded<ImageConfig>
        /// This image's own, without those of a base image.
        package var layers: [FinishedLayer]
        /// What those lie on; no layer of it is in the store.
        package var baseLayers: [Descriptor]
    }

    package var tag: String
    package var index: Encoded<Index>
    package var platforms: [PlatformImage]
}

/// Turns a plan into an image in a store.
package struct Assembler: Sendable {
    package var store: ContentStore
    package var pool: BlockingPool
    /// Threads that compress one layer; the bytes do not depend on it.
    package var threads: Int
    /// What tells one build of this program from another, so that a remembered layer is never one of other code.
    package var toolIdentity: String
    /// Stands for the contents of files that are not in the store.
    package var stamps: Digest
    package var observe: @Sendable (AssemblyEvent) -> Void

    package init(
        store: ContentStore, pool: BlockingPool, threads: Int, toolIdentity: String, stamps: Digest,
        observe: @escaping @Sendable (AssemblyEvent) -> Void
    ) {
        self.store = store
        self.pool = pool
        self.threads = threads
        self.toolIdentity = toolIdentity
        self.stamps = stamps
        self.observe = observe
    }

    /// Writes the layers and documents of every platform, then passes them to `gate`, which throws where they are not
    /// what was promised; the index is written last.
    package func assemble(
        _ plan: BuildPlan, gate: @Sendable ([AssembledImage.PlatformImage], Encoded<Index>) async throws -> Void
    ) async throws -> AssembledImage {
        let jobs = plan.platforms.flatMap { platform in platform.layers.map { (platform.platform, $0) } }
        // Two layers at once: while one is being synced to disk the other computes.
        let finished = try await mapConcurrently(jobs, limit: 2) { platform, layer in
            try await self.layer(layer, platform, codec: plan.codec)
        }
        var rest = finished[...]
        let images = try plan.platforms.map { platform in
            defer { rest = rest.dropFirst(platform.layers.count) }
            return try platform.image(layers: Array(rest.prefix(platform.layers.count)))
        }
        let index = try Encoded(
            Index(
                manifests: images.map(\.manifest.descriptor),
                annotations: plan.annotations.isEmpty ? nil : plan.annotations),
            as: .index)
        try await gate(images, index)
        observe(.checked(platforms: images.count))
        for image in images {
            _ = try store.add(image.config.bytes)
            _ = try store.add(image.manifest.bytes)
        }
        _ = try store.add(index.bytes)
        return AssembledImage(tag: plan.tag, index: index, platforms: images)
    }

    /// Reads a Windows layer back as it was written, before anything remembers it.
    private func checkImport(_ layer: FinishedLayer, _ plan: LayerPlan) async throws {
        let path = store.path(of: layer.descriptor.digest)
        let refusal = try await pool.run { flag in
            WindowsImporter.refusal(of: try LayerReader.list(path, isCancelled: { flag.isSet }), isBase: false)
        }
        guard let refusal else { return }
        throw ImageAssemblyError(.gate, "Windows would not import the layer '\(plan.name)': \(refusal)")
    }

    private func layer(_ plan: LayerPlan, _ platform: Platform, codec: LayerCodec) async throws -> FinishedLayer {
        let key = plan.key(codec: codec, toolIdentity: toolIdentity, stamps: stamps)
        if let bytes = store.record("layers", key),
            let known = try? CanonicalJSON.decode(FinishedLayer.self, from: bytes),
            store.contains(known.descriptor.digest, size: known.descriptor.size)
        {
            let store = store
            _ = try await pool.run { _ in
                try store.verifiedPath(of: known.descriptor.digest, size: known.descriptor.size)
            }
            observe(.layer(platform, name: plan.name, known, reused: true))
            return known
        }
        let (store, threads) = (store, threads)
        let finished = try await pool.run { flag in
            try store.add { file in
                let written = try LayerWriter.write(
                    plan.tree, codec: codec, threads: threads, to: file, isCancelled: { flag.isSet })
                let descriptor = Descriptor(
                    mediaType: codec.mediaType, digest: written.digest, size: written.size)
                return (
                    written.digest,
                    FinishedLayer(
                        descriptor: descriptor, diffID: written.diffID, uncompressedSize: written.uncompressedSize)
                )
            }
        }
        if platform.os == "windows" { try await checkImport(finished, plan) }
        try LayerOrigins(of: plan).remember(for: finished.descriptor.digest, in: store)
        try store.setRecord("layers", key, CanonicalJSON.encode(finished))
        observe(.layer(platform, name: plan.name, finished, reused: false))
        return finished
    }
}

extension PlatformPlan {
    fileprivate func image(layers finished: [FinishedLayer]) throws -> AssembledImage.PlatformImage {
        let history = zip(layers, finished).map { plan, layer in
            (layer.diffID, ImageConfig.History(created: plan.created, createdBy: plan.createdBy, comment: plan.name))
        }
        let config =
            try base?.config(created: created, execution: execution, layers: history)
            ?? Encoded(
                ImageConfig(platform: platform, created: created, config: execution, layers: history), as: .config)
        let baseLayers = base?.layers ?? []
        let manifest = try Encoded(
            Manifest(
                config: config.descriptor, layers: baseLayers + finished.map(\.descriptor),
                annotations: annotations.isEmpty ? nil : annotations),
            as: .manifest, platform: platform)
        return AssembledImage.PlatformImage(
            platform: platform, manifest: manifest, config: config, layers: finished, baseLayers: baseLayers)
    }
}
