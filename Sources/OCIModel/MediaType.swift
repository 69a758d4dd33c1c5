/// The media type of a blob; open, for what others write must be carried too (image-spec, media-types.md).
package struct MediaType: RawRepresentable, Hashable, Sendable, Codable {
    package var rawValue: String
    package init(rawValue: String) { self.rawValue = rawValue }

    package static let index = MediaType(rawValue: "application/vnd.oci.image.index.v1+json")
    package static let manifest = MediaType(rawValue: "application/vnd.oci.image.manifest.v1+json")
    package static let config = MediaType(rawValue: "application/vnd.oci.image.config.v1+json")
    package static let layerGzip = MediaType(rawValue: "application/vnd.oci.image.layer.v1.tar+gzip")
    package static let layerZstd = MediaType(rawValue: "application/vnd.oci.image.layer.v1.tar+zstd")
}
