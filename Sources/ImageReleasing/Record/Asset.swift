package import OCIModel

/// A step of a release, in the order in which they are done.
package enum ReleaseStep: String, Hashable, Sendable, Codable, CaseIterable {
    case plan, build, sign, publish, withdraw
}

/// A file of a release that people download.
package struct Asset: Hashable, Sendable, Codable {
    package enum Kind: String, Hashable, Sendable, Codable {
        /// The programs for one platform.
        case archive
        /// The tag's tree.
        case source
        case sbom
        /// The list of sums.
        case sums
        /// The signature of another asset.
        case signature
    }

    package var name: String
    package var kind: Kind
    /// The size in bytes.
    package var size: Int64
    package var digest: Digest

    package init(name: String, kind: Kind, size: Int64, digest: Digest) {
        (self.name, self.kind, self.size, self.digest) = (name, kind, size, digest)
    }
}
