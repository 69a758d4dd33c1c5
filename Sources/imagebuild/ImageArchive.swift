import ImageAssembly
import LayerArchive
import OCIContent
import OCIModel
import SystemPackage

/// An image as one tar file. Like a layer it depends on nothing but the image: equal images, equal archives.
enum ImageArchive {
    /// An OCI layout in a tar, as `oci-archive:` of skopeo and podman reads it.
    static func writeLayout(_ image: BuiltImage, from store: ContentStore, to path: FilePath) async throws {
        var tree = FileTree()
        for folder in ["blobs", "blobs/sha256"] { tree[try EntryPath(folder)] = directory }
        for blob in image.blobs { tree[try EntryPath("blobs/sha256/\(blob.digest.hex)")] = try file(blob, store) }
        var entry = image.index
        entry.annotations = [OCILayout.referenceName: image.tag]
        tree[try EntryPath("index.json")] = file(try CanonicalJSON.encode(Index(manifests: [entry])))
        tree[try EntryPath("oci-layout")] = file(try CanonicalJSON.encode(LayoutMarker()))
        try write(tree, to: path)
    }

    /// `docker load`'s format: one platform, its configuration and layers, and a list of what is what.
    static func writeDocker(_ image: BuiltImage, name: String, from store: ContentStore, to path: FilePath) async throws
    {
        guard let platform = image.platforms.first, image.platforms.count == 1 else {
            throw CommandError(
                status: .refused,
                message: "a docker-archive holds one platform, and this image has \(image.platforms.count)",
                hint: "choose one with --arch, or write an oci-archive")
        }
        guard platform.baseLayers.isEmpty else {
            throw CommandError(
                status: .refused,
                message:
                    "a docker-archive holds all layers, and those of the base image of \(platform.platform) are not here",
                hint: "write an oci layout or archive")
        }
        let layers = platform.layers.map(\.descriptor)
        let list = [
            DockerImage(
                config: "\(platform.config.digest.hex).json", repoTags: ["\(name):\(image.tag)"],
                layers: layers.map { "\($0.digest.hex).tar.gz" })
        ]
        var tree = FileTree()
        tree[try EntryPath("\(platform.config.digest.hex).json")] = try file(platform.config, store)
        for layer in layers { tree[try EntryPath("\(layer.digest.hex).tar.gz")] = try file(layer, store) }
        tree[try EntryPath("manifest.json")] = file(try CanonicalJSON.encode(list))
        try write(tree, to: path)
    }

    private struct DockerImage: Encodable {
        var config: String
        var repoTags: [String]
        var layers: [String]

        private enum CodingKeys: String, CodingKey {
            case config = "Config"
            case repoTags = "RepoTags"
            case layers = "Layers"
        }
    }

    private static let directory = FileEntry(.directory, mode: 0o755, modified: 0)

    private static func file(_ bytes: [UInt8]) -> FileEntry {
        FileEntry(.regular(.bytes(bytes)), mode: 0o644, modified: 0)
    }

    private static func file(_ blob: Descriptor, _ store: ContentStore) throws -> FileEntry {
        let path = try store.verifiedPath(of: blob.digest, size: blob.size)
        return FileEntry(.regular(.slice(of: path, offset: 0, size: blob.size)), mode: 0o644, modified: 0)
    }

    private static func write(_ tree: FileTree, to path: FilePath) throws {
        try FileSystem.makeDirectories(path.removingLastComponent())
        do { try FileSystem.replace(path) { file in try TarFile.write(tree, to: file) } } catch var error
            as LayerArchiveError
        {
            error.message = "\(path): \(error.message)"
            throw error
        }
    }
}
