package import ImageAssembly
import LayerArchive
package import OCIContent
package import OCIModel

/// Finds which layer of each platform has a file, and which input put it there.
package struct FileOrigins {
    package struct Found: Encodable, Sendable {
        package var platform: Platform
        /// `nil` where the platform does not have the file.
        package var layer: Digest?
        package var kind: String?
        package var mode: String?
        package var size: Int64?
        /// `nil` where this machine's store does not remember how the layer was made.
        package var origin: FileOrigin?
        /// Whether there are layers that could not be looked at: those of a base image.
        package var hasAbsentLayers: Bool
        /// The name or digest of the base image, where there is one.
        package var base: String?
    }

    private let path: EntryPath
    private let images: [InspectedPlatform]
    private let layout: OCILayout
    private let store: ContentStore?

    package init(_ path: EntryPath, _ images: [InspectedPlatform], _ layout: OCILayout, _ store: ContentStore?) {
        (self.path, self.images, self.layout, self.store) = (path, images, layout, store)
    }

    package func find() throws -> [Found] { try images.map(find) }

    /// The uppermost layer that has the path decides, as it does in a container.
    private func find(in image: InspectedPlatform) throws -> Found {
        let layers = image.manifest.layers.filter { !image.absentLayers.contains($0.digest) }
        for layer in layers.reversed() {
            let listing = try LayerReader.list(layout.path(of: layer.digest), isCancelled: { false })
            let isWindows = image.platform.os == "windows"
            let place = isWindows ? try EntryPath(Array("Files/".utf8) + path.bytes) : path
            guard let member = listing.entries.last(where: { $0.path == place })?.member else { continue }
            return Found(
                platform: image.platform, layer: layer.digest, kind: member.kind.name,
                mode: "0" + String(member.mode, radix: 8), size: member.size,
                origin: store.flatMap { LayerOrigins(of: layer.digest, in: $0) }?.origin(of: place),
                hasAbsentLayers: !image.absentLayers.isEmpty, base: image.manifest.baseImage)
        }
        return Found(platform: image.platform, hasAbsentLayers: !image.absentLayers.isEmpty)
    }
}

extension Manifest {
    /// The base image that its annotations name.
    fileprivate var baseImage: String? {
        let prefix = "org.opencontainers.image.base."
        return annotations?[prefix + "name"] ?? annotations?[prefix + "digest"]
    }
}

extension TarMember.Kind {
    fileprivate var name: String {
        switch self {
        case .regular: "file"
        case .directory: "directory"
        case .symlink(let target): "symbolic link to \(shown(target))"
        case .hardLink(let target): "hard link to \(shown(target))"
        case .characterDevice, .blockDevice: "device"
        case .fifo: "named pipe"
        }
    }
}
