package import OCIContent
package import OCIModel

/// A finished image of one platform, described by digests.
package struct BuiltPlatform: Codable, Hashable, Sendable {
    /// The platform as the build asked for it: a Windows image's own has the exact version of its base image.
    package var requested: Platform
    package var platform: Platform
    package var manifest: Descriptor
    package var config: Descriptor
    /// The image's own layers.
    package var layers: [FinishedLayer]
    /// The base image's layers, which are in the store for Linux but only named for Windows.
    package var baseLayers: [Descriptor]
    /// The layers that are not in the store; clients that pull the image get them from where the base image is.
    package var absentLayers: [Descriptor] { platform.os == "windows" ? baseLayers : [] }
}

/// A finished image, described by digests: what a build reports, and remembers under the key of all its inputs.
package struct BuiltImage: Codable, Hashable, Sendable {
    package var tag: String
    package var index: Descriptor
    package var platforms: [BuiltPlatform]

    package init(_ image: AssembledImage) {
        tag = image.tag
        index = image.index.descriptor
        platforms = image.platforms.map {
            BuiltPlatform(
                requested: $0.requested, platform: $0.platform, manifest: $0.manifest.descriptor,
                config: $0.config.descriptor,
                layers: $0.layers,
                baseLayers: $0.baseLayers)
        }
    }

    /// The blobs of the image that are in the store, the index first.
    package var blobs: [Descriptor] {
        [index]
            + platforms.flatMap { one in
                let base = one.absentLayers.isEmpty ? one.baseLayers : []
                return [one.manifest, one.config] + base + one.layers.map(\.descriptor)
            }
    }

    package var absentLayers: [Descriptor] { platforms.flatMap(\.absentLayers) }
}

extension ContentStore {
    private static let builtKind = "builds"

    /// Returns the image that a build with this key gave, if all its blobs are still in the store with their sizes.
    package func builtImage(_ key: Digest) -> BuiltImage? {
        guard let bytes = record(Self.builtKind, key),
            let image = try? CanonicalJSON.decode(BuiltImage.self, from: bytes),
            image.blobs.allSatisfy({ contains($0.digest, size: $0.size) })
        else { return nil }
        return image
    }

    package func remember(_ image: BuiltImage, as key: Digest) throws {
        try setRecord(Self.builtKind, key, CanonicalJSON.encode(image))
    }
}
