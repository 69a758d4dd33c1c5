import ImageAssembly
import ImageBuilding
import LayerArchive
import OCIContent
import OCIModel
import SystemPackage

/// Finds which layer of each platform has a file, and which input put it there.
struct FileOrigins {
    struct Found: Encodable {
        var platform: Platform
        /// `nil` where the platform does not have the file.
        var layer: Digest?
        var kind: String?
        var mode: String?
        var size: Int64?
        /// `nil` where this machine's store does not remember how the layer was made.
        var origin: FileOrigin?
        /// Whether there are layers that could not be looked at: those of a base image.
        var hasAbsentLayers: Bool
        /// The name or digest of the base image, where there is one.
        var base: String?

        var text: String {
            guard let layer else {
                return "\(platform): not there" + (hasAbsentLayers ? ", nor are all layers here to be looked at" : "")
            }
            let what = [kind, mode, size.map { "\(ByteCount($0))" }].compactMap { $0 }.joined(separator: ", ")
            let ours = "unknown: this store did not make the layer; build the image here to learn it"
            let source = origin?.description ?? base.map { "the base image \($0), or \(ours)" } ?? ours
            return "\(platform): \(what), in layer \(layer)\n  from \(source)"
        }
    }

    private let path: EntryPath
    private let images: [InspectedPlatform]
    private let layout: OCILayout
    private let storePath: FilePath

    init(_ path: EntryPath, _ images: [InspectedPlatform], _ layout: OCILayout, _ storePath: FilePath) {
        (self.path, self.images, self.layout, self.storePath) = (path, images, layout, storePath)
    }

    func find() throws -> [Found] { try images.map(find) }

    /// The uppermost layer that has the path decides, as it does in a container.
    private func find(in image: InspectedPlatform) throws -> Found {
        let layers = image.manifest.layers.filter { !image.absentLayers.contains($0.digest) }
        for layer in layers.reversed() {
            let listing = try LayerReader.list(layout.path(of: layer.digest), isCancelled: { false })
            let isWindows = image.platform.os == "windows"
            let place = isWindows ? try EntryPath(Array("Files/".utf8) + path.bytes) : path
            guard let member = listing.entries.last(where: { $0.path == place })?.member else { continue }
            let store = try ContentStore(root: storePath)
            return Found(
                platform: image.platform, layer: layer.digest, kind: member.kind.name,
                mode: "0" + String(member.mode, radix: 8), size: member.size,
                origin: LayerOrigins(of: layer.digest, in: store)?.origin(of: place),
                hasAbsentLayers: !image.absentLayers.isEmpty, base: image.manifest.baseImage)
        }
        return Found(platform: image.platform, hasAbsentLayers: !image.absentLayers.isEmpty)
    }
}

extension Manifest {
    /// What its annotations say that it lies on.
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
