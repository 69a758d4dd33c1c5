import LayerArchive
package import OCIContent
package import OCIModel
package import SystemPackage

/// An archive that `docker save` or `podman save` wrote, as a source. It has no OCI manifest, so one is made, which is
/// always the same for the same archive. The configuration and layers keep their bytes.
package struct DockerArchive: Sendable {
    /// An entry of `manifest.json`, the format's own list of images.
    struct Listed: Codable {
        var config: String
        var repoTags: [String]?
        var layers: [String]

        private enum CodingKeys: String, CodingKey {
            case config = "Config"
            case repoTags = "RepoTags"
            case layers = "Layers"
        }
    }

    private struct Image: Sendable {
        var names: [String]
        var manifest: Encoded<Manifest>
    }

    private let table: TarTable
    private var images: [Image] = []
    private var slices: [Digest: TarTable.Slice] = [:]

    private static let listLimit: Int64 = 4 << 20
    private static let imageLimit = 100
    private static let layerLimit = 1000

    /// Finds the members of the archive, and reads every layer once, because the archive states neither its digest nor
    /// its DiffID. Blocks.
    ///
    /// - Throws: `LayerArchiveError`, as `TarTable` does; `ContentError` `.invalidLayout` if the tar file is not such
    ///   an archive, `.corrupt` if a layer is not the one that the configuration names.
    package init(
        reading file: FilePath, spool: () throws -> FileDescriptor, isCancelled: @escaping @Sendable () -> Bool
    ) throws {
        table = try TarTable(reading: file, spool: spool, isCancelled: isCancelled)
        guard let slice = table.slice("manifest.json") else {
            throw ContentError(
                .invalidLayout, "\(file) is not a docker-archive",
                hint: table.slice("oci-layout") == nil ? nil : "read it as oci-archive:\(file)")
        }
        let listed: [Listed]
        do {
            let bytes = try table.contents(slice, limit: Self.listLimit)
            listed = try CanonicalJSON.decode([Listed].self, ofOthers: bytes, knowing: .none)
        } catch let error as OCIModelError {
            throw ContentError(.invalidLayout, "cannot read the manifest.json in \(file): \(error)")
        }
        guard listed.count <= Self.imageLimit, listed.allSatisfy({ $0.layers.count <= Self.layerLimit }) else {
            throw ContentError(.tooLarge, "the manifest.json of \(file) lists too many images or layers")
        }
        var known: [TarTable.Slice: ArchivedLayer] = [:]
        for one in listed { try add(one, &known, isCancelled) }
    }

    private mutating func add(
        _ listed: Listed, _ known: inout [TarTable.Slice: ArchivedLayer], _ isCancelled: @escaping @Sendable () -> Bool
    ) throws {
        let configSlice = try member(listed.config)
        let bytes = try table.contents(configSlice, limit: Self.listLimit)
        let config: Encoded<ImageConfig>
        do { config = try Encoded(decoding: bytes, as: .config) } catch {
            throw invalid("its configuration \(listed.config) is invalid: \(error)")
        }
        slices[config.descriptor.digest] = configSlice
        let layers = try listed.layers.map { name in
            let slice = try member(name)
            let layer = try known[slice] ?? table.layer(slice, isCancelled: isCancelled)
            known[slice] = layer
            slices[layer.digest] = slice
            return (layer, slice.size)
        }
        guard layers.map(\.0.diffID) == config.value.rootfs.diffIDs else {
            throw ContentError(
                .corrupt, "the layers in \(table.file) are not those that its configuration \(listed.config) names")
        }
        let manifest = Manifest(
            config: config.descriptor,
            layers: layers.map { Descriptor(mediaType: $0.mediaType, digest: $0.digest, size: $1) })
        images.append(Image(names: listed.repoTags ?? [], manifest: try Encoded(manifest, as: .manifest)))
    }

    private func member(_ name: String) throws -> TarTable.Slice {
        guard let slice = table.linkedSlice(name) else { throw invalid("its member '\(name)' is missing") }
        return slice
    }

    private func invalid(_ reason: String) -> ContentError {
        ContentError(.invalidLayout, "cannot read the docker-archive \(table.file): \(reason)")
    }
}

extension DockerArchive: ContentSource {
    package var repository: RepositoryAddress? { nil }

    package func holds(_ blob: Descriptor) -> Bool? {
        images.contains { $0.manifest.descriptor.digest == blob.digest } || (try? slice(blob)) != nil
    }

    /// Returns the image with a name (`etcd:3.5.16-0`; `etcd` is `etcd:latest`); without a name, the only image.
    ///
    /// - Throws: `ContentError` `.missing`, with the names in the archive.
    package func descriptor(named name: String?) throws -> Descriptor {
        let found = images.filter { image in
            name == nil || image.names.contains { $0 == name || $0 == name.map { $0 + ":latest" } }
                || image.manifest.descriptor.digest.description == name
        }
        guard let first = found.first, found.count == 1 else {
            throw ContentError(
                .missing,
                "\(table.file) has \(found.isEmpty ? "no image" : "several images")"
                    + (name.map { " named \($0)" } ?? ""),
                hint: "choose one of: " + images.flatMap(\.names).joined(separator: ", "))
        }
        return first.manifest.descriptor
    }

    /// Returns the tag in the only name of the image, if it has exactly one.
    package func tag(of image: Descriptor) -> String? {
        let names = images.first { $0.manifest.descriptor.digest == image.digest }?.names ?? []
        guard let name = names.first, names.count == 1, let colon = name.lastIndex(of: ":") else { return nil }
        let tag = name[name.index(after: colon)...]
        return tag.contains("/") ? nil : String(tag)
    }

    package func resolve(_ name: String) async throws -> Descriptor { try descriptor(named: name) }

    package func tags() async throws -> [String] {
        Set(images.flatMap(\.names)).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    /// Returns no referrers: the format cannot hold any.
    package func referrers(of subject: Digest) async throws -> [Descriptor] { [] }

    package func document(_ descriptor: Descriptor) async throws -> [UInt8] {
        if let image = images.first(where: { $0.manifest.descriptor.digest == descriptor.digest }) {
            return image.manifest.bytes
        }
        let bytes = try table.contents(try slice(descriptor), limit: Self.listLimit)
        guard descriptor.digest.isOf(bytes) else {
            throw ContentError(.corrupt, "the blob \(descriptor.digest) in \(table.file) changed while it was read")
        }
        return bytes
    }

    package func withBlob<R: Sendable>(
        _ blob: Descriptor, from offset: Int64, _ use: @Sendable (BlobBody) async throws -> R
    ) async throws -> R {
        try await use(.stream(ArchivedBlob(table: table, slice: try slice(blob), blob: blob, offset: offset)))
    }

    private func slice(_ descriptor: Descriptor) throws -> TarTable.Slice {
        guard let slice = slices[descriptor.digest], slice.size == descriptor.size else {
            throw ContentError(.missing, "the blob \(descriptor.digest) is not in \(table.file)")
        }
        return slice
    }
}
