/// The media type of a blob. The type is open, because foreign content must be carried too (image-spec,
/// media-types.md).
package struct MediaType: RawRepresentable, Hashable, Sendable, Codable {
    package var rawValue: String
    package init(rawValue: String) { self.rawValue = rawValue }

    package static let index = MediaType(rawValue: "application/vnd.oci.image.index.v1+json")
    package static let manifest = MediaType(rawValue: "application/vnd.oci.image.manifest.v1+json")
    package static let config = MediaType(rawValue: "application/vnd.oci.image.config.v1+json")
    package static let layerGzip = MediaType(rawValue: "application/vnd.oci.image.layer.v1.tar+gzip")
    package static let layerZstd = MediaType(rawValue: "application/vnd.oci.image.layer.v1.tar+zstd")
    package static let layerTar = MediaType(rawValue: "application/vnd.oci.image.layer.v1.tar")

    /// The OCI type of an image's layer, whatever its type: the bytes are the same under Docker's names and under those
    /// of non-distributable layers. `nil` if this is not the type of such a layer.
    package var asLayer: MediaType? {
        let oci = "application/vnd.oci.image.layer."
        let docker = "application/vnd.docker.image.rootfs."
        return switch rawValue {
        case oci + "v1.tar", oci + "nondistributable.v1.tar", docker + "diff.tar", docker + "foreign.diff.tar":
            .layerTar
        case oci + "v1.tar+gzip", oci + "nondistributable.v1.tar+gzip", docker + "diff.tar.gzip",
            docker + "foreign.diff.tar.gzip":
            .layerGzip
        case oci + "v1.tar+zstd", oci + "nondistributable.v1.tar+zstd", docker + "diff.tar.zstd": .layerZstd
        default: nil
        }
    }

    package static let dockerIndex = MediaType(rawValue: "application/vnd.docker.distribution.manifest.list.v2+json")
    package static let dockerConfig = MediaType(rawValue: "application/vnd.docker.container.image.v1+json")
    package static let dockerManifest = MediaType(rawValue: "application/vnd.docker.distribution.manifest.v2+json")

    /// Whether registries store content of this type as a manifest rather than as a blob.
    package var isDocument: Bool {
        isIndex || self == .manifest || self == .dockerManifest
            || rawValue == "application/vnd.oci.artifact.manifest.v1+json"
    }

    /// Whether this may be the type of a document, of those that are not known here too: their names say so.
    package var mayBeDocument: Bool {
        let name = rawValue.lowercased()
        return isDocument || name.hasPrefix("application/") && (name.contains("manifest") || name.contains("index"))
    }

    /// Whether this is the type of a blob that some indexes list like a document: BuildKit's caches are such indexes.
    package var isBlob: Bool {
        asLayer != nil || self == .config || self == .dockerConfig
            || rawValue.hasPrefix("application/vnd.buildkit.cacheconfig.")
    }

    /// Whether this is the type of a layer that was never meant to be stored in registries.
    package var isForeign: Bool { rawValue.contains(".nondistributable.") || rawValue.contains(".foreign.") }

    package var isIndex: Bool {
        self == .index || self == .dockerIndex
    }
}
