package import ImageDefinition
package import OCIModel

/// A lock with its proof, as `imagebuild lock` writes them.
package struct LockedInputs: Sendable {
    package let lock: Lock
    /// The files of the folder `lock/`, by path.
    package let proof: [String: [UInt8]]

    package init(lock: Lock, proof: [String: [UInt8]]) {
        self.lock = lock
        self.proof = proof
    }

    /// Merges what the resolvers found for a definition; `codec` makes the layers' bytes.
    package init(
        _ definition: Definition, codec: String, debian: DebianPins, archives: [Lock.Archive] = [],
        baseImages: [(platform: Platform, base: PinnedBaseImage)] = [], goModules: [Lock.GoModules] = []
    ) throws {
        let bases = Dictionary(baseImages.map { ($0.platform, $0.base) }) { first, _ in first }
        let platforms = definition.platforms.map { platform in
            let packages = debian.platforms[platform] ?? .init()
            return (platform.description, Lock.PlatformInputs(packages, baseImage: bases[platform]?.base))
        }
        lock = Lock(
            requirements: try definition.requirementsDigest, codec: codec, releases: debian.releases,
            platforms: Dictionary(platforms) { first, _ in first },
            archives: archives.isEmpty ? nil : archives,
            toolchains: debian.toolchains.isEmpty ? nil : debian.toolchains,
            goModules: goModules.isEmpty ? nil : goModules)
        let documents = bases.values.flatMap(\.proof).map { (LinuxBaseResolver.proofPath(of: $0.key), $0.value) }
        proof = debian.proof.merging(documents) { first, _ in first }
    }
}

extension Lock.PlatformInputs {
    init(_ packages: DebianPins.Packages, baseImage: Lock.BaseImage?) {
        self.init(
            base: packages.base, bundle: packages.bundle, sources: packages.sources.isEmpty ? nil : packages.sources,
            baseImage: baseImage)
    }
}
