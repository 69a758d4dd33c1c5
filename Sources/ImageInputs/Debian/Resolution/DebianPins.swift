package import ImageDefinition
package import OCIModel

/// The inputs that an image takes from the Debian archive, pinned, with the proof of their origin.
package struct DebianPins: Sendable {
    /// The packages of one platform.
    package struct Packages: Hashable, Sendable {
        package var base: [Lock.Package] = []
        /// The packages of each bundled version, by version.
        package var bundle: [String: [Lock.Package]] = [:]
        /// The source-library packages that bundled versions are compiled from, by version.
        package var sources: [String: [Lock.Package]] = [:]

        package init(
            base: [Lock.Package] = [], bundle: [String: [Lock.Package]] = [:], sources: [String: [Lock.Package]] = [:]
        ) {
            self.base = base
            self.bundle = bundle
            self.sources = sources
        }
    }

    /// Sorted by archive and suite.
    package let releases: [Lock.Release]
    package let platforms: [Platform: Packages]
    /// Debian's Go toolchain by the machine that runs it (`linux/amd64`).
    package let toolchains: [String: [Lock.Package]]
    /// Files of the folder `lock/`, by path.
    package let proof: [String: [UInt8]]

    package init(
        releases: [Lock.Release], platforms: [Platform: Packages], toolchains: [String: [Lock.Package]],
        proof: [String: [UInt8]]
    ) {
        self.releases = releases
        self.platforms = platforms
        self.toolchains = toolchains
        self.proof = proof
    }
}
