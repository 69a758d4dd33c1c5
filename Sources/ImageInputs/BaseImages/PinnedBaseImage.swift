package import ImageDefinition
package import OCIModel

/// A base image of one platform, pinned, with the documents that were read on the way.
package struct PinnedBaseImage: Sendable {
    package let base: Lock.BaseImage
    /// The configuration's exact bytes, which a build reads.
    package let config: [UInt8]
    /// The documents that lead to the base from the digest in the definition; none where that names a tag.
    package let proof: [Digest: [UInt8]]

    package init(base: Lock.BaseImage, config: [UInt8], proof: [Digest: [UInt8]]) {
        self.base = base
        self.config = config
        self.proof = proof
    }
}
