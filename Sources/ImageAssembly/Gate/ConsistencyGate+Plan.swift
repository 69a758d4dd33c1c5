package import ImageDefinition
import LayerArchive
import OCIContent
package import OCIModel
package import Scheduling

extension ConsistencyGate {
    /// Creates a gate for the image of a plan as it was assembled.
    package init(
        _ plan: BuildPlan, of definition: Definition, images: [AssembledPlatform], index: Encoded<Index>
    ) {
        let paths = definition.platformSpecificPaths
        self.init(
            images: zip(zip(plan.platforms, images), index.value.manifests).map { both, entry in
                var image = ExaminedPlatform(
                    platform: both.0.platform, layers: both.0.layers.map { Layer(name: $0.name, tree: $0.rootTree) },
                    config: both.1.config, manifest: both.1.manifest, entry: entry)
                image.requested = both.0.requested
                image.baseLayerCount = both.1.baseLayers.count
                if let base = both.0.base { image.base = base.root }
                return image
            },
            definition: definition, tag: plan.tag, platformSpecific: { paths.matches($0) })
    }

    /// Applies every rule to the image.
    ///
    /// - Throws: `ImageAssemblyError` with the code `gate`, naming each failure with its file, platform and rule.
    package func check(on pool: BlockingPool, _ runner: ProgramRunner?) async throws {
        let examination = try await pool.run { _ in examine() }
        let failures = try await examination.settled(by: runner)
        guard !failures.isEmpty else { return }
        throw ImageAssemblyError(
            .gate,
            "the image is inconsistent, so nothing was tagged:\n"
                + failures.map { "  \($0)" }.joined(separator: "\n"))
    }
}

extension LayerPlan {
    /// The entries that the layer adds to a container's root filesystem or drive.
    fileprivate var rootTree: FileTree { tree.hasBareDirectoryNames ? WindowsLayer.drive(of: [tree]) : tree }
}
