import LayerArchive
package import OCIContent
package import OCIModel
package import Scheduling
package import SystemPackage

/// An event during the assembly of an image, for a person to watch.
package enum AssemblyEvent: Sendable {
    /// A layer is ready; `reused` if its recipe was already known.
    case layer(Platform, name: String, FinishedLayer, reused: Bool)
    case checked(platforms: Int)
}

/// The image of one platform, whose parts are in the store.
package struct AssembledPlatform: Sendable {
    /// The platform as the build asked for it.
    package var requested: Platform
    package var platform: Platform
    package var manifest: Encoded<Manifest>
    package var config: Encoded<ImageConfig>
    /// The image's own layers, without those of a base image.
    package var layers: [FinishedLayer]
    /// The base image's layers, on which those lie.
    package var baseLayers: [Descriptor]
}

/// An image whose parts are all in the store, and which nothing names yet.
package struct AssembledImage: Sendable {
    package var tag: String
    package var index: Encoded<Index>
    package var platforms: [AssembledPlatform]
}

/// Assembles the image of a plan in a store.
package struct Assembler: Sendable {
    package var store: ContentStore
    package var pool: BlockingPool
    /// The number of threads that compress one layer; the bytes do not depend on it.
    package var threads: Int
    /// A text that distinguishes builds of this program, so that a remembered layer never comes from other code.
    package var toolIdentity: String
    /// The stamps of the files that are not in the store, by path; each stands for the file's contents.
    package var stamps: [FilePath: String]
    package var observe: @Sendable (AssemblyEvent) -> Void

    package init(
        store: ContentStore, pool: BlockingPool, threads: Int, toolIdentity: String, stamps: [FilePath: String],
        observe: @escaping @Sendable (AssemblyEvent) -> Void
    ) {
        self.store = store
        self.pool = pool
        self.threads = threads
        self.toolIdentity = toolIdentity
        self.stamps = stamps
        self.observe = observe
    }

    /// Writes the layers and documents of every platform, then calls `gate`, which throws if they are not what was
    /// promised; the index is written last.
    package func assemble(
        _ plan: BuildPlan, gate: @Sendable ([AssembledPlatform], Encoded<Index>) async throws -> Void
    ) async throws -> AssembledImage {
        var rest = try await layers(plan)[...]
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
        let store = store
        try await pool.run { _ in
            for image in images {
                _ = try store.add(image.config.bytes)
                _ = try store.add(image.manifest.bytes)
            }
            _ = try store.add(index.bytes)
        }
        return AssembledImage(tag: plan.tag, index: index, platforms: images)
    }
}

extension PlatformPlan {
    fileprivate func image(layers finished: [FinishedLayer]) throws -> AssembledPlatform {
        let history = zip(layers, finished).map { plan, layer in
            (layer.diffID, ImageConfig.History(created: plan.created, createdBy: plan.createdBy, comment: plan.name))
        }
        let config =
            try base?.config(for: platform, created: created, execution: execution, layers: history)
            ?? Encoded(
                ImageConfig(platform: platform, created: created, config: execution, layers: history), as: .config)
        let baseLayers = base?.layers ?? []
        let manifest = try Encoded(
            Manifest(
                config: config.descriptor, layers: baseLayers + finished.map(\.descriptor),
                annotations: annotations.isEmpty ? nil : annotations),
            as: .manifest, platform: platform)
        return AssembledPlatform(
            requested: requested, platform: platform, manifest: manifest, config: config, layers: finished,
            baseLayers: baseLayers)
    }
}
