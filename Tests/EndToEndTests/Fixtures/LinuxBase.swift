import Foundation
import ImageDefinition
import LayerArchive
import OCIModel
import SystemPackage
import TestSupport
import Testing

/// A small base image for two platforms, as others make them: an OCI layout with an index, and of each platform a layer and one
/// that takes away something of that.
struct LinuxBase {
    static let architectures = ["amd64", "arm64"]

    let layout: URL
    private let compression: Definition.Compression
    private(set) var index = Descriptor(mediaType: .index, digest: Digest(of: []), size: 0)
    /// By architecture, lowest first.
    private(set) var layers: [String: [Descriptor]] = [:]

    /// Not all other tools know another compression than gzip.
    init(writingTo layout: URL, text: String = "base", _ compression: Definition.Compression = .gzip) throws {
        self.layout = layout
        self.compression = compression
        try FileManager.default.createDirectory(
            at: layout.appending(path: "blobs/sha256"), withIntermediateDirectories: true)
        var entries: [Descriptor] = []
        for architecture in Self.architectures { entries.append(try image(architecture, text)) }
        index = try add(CanonicalJSON.encode(Index(manifests: entries)), .index)
        index.annotations = ["org.opencontainers.image.ref.name": "1"]
        try Data(CanonicalJSON.encode(LayoutMarker())).write(to: layout.appending(path: "oci-layout"))
        try Data(CanonicalJSON.encode(Index(manifests: [index]))).write(to: layout.appending(path: "index.json"))
    }

    func blob(_ digest: Digest) -> URL { layout.appending(path: "blobs/sha256/\(digest.hex)") }

    private mutating func image(_ architecture: String, _ text: String) throws -> Descriptor {
        var execution = ImageConfig.Execution()
        execution.environment = ["PATH=/usr/bin", "BASE=\(text)"]
        execution.entrypoint = ["/usr/bin/run"]
        execution.command = ["serve"]
        execution.user = "nobody"
        let created = Timestamp(seconds: 1_728_000_000)
        let written = [
            try layer(try Self.lower(architecture, text), .standard(.gzip)),
            try layer(try Self.upper(), compression == .gzip ? .standard(.gzip) : .standard(.zstd)),
        ]
        layers[architecture] = written.map { $0.descriptor }
        let platform = Platform(os: "linux", architecture: architecture)
        let config = ImageConfig(
            platform: platform, created: created, config: execution,
            layers: written.map { ($0.diffID, .init(created: created, createdBy: "base of \(text)")) })
        let manifest = Manifest(
            config: try add(CanonicalJSON.encode(config), .config), layers: written.map { $0.descriptor })
        var entry = try add(CanonicalJSON.encode(manifest), .manifest)
        entry.platform = platform
        return entry
    }

    private static func lower(_ architecture: String, _ text: String) throws -> FileTree {
        var tree = FileTree()
        for path in ["etc", "etc/old", "usr", "usr/bin", "srv"] {
            // A mode of its own, which an entry in an upper layer would take away.
            tree[try EntryPath(path)] = FileEntry(.directory, mode: path == "srv" ? 0o1777 : 0o755, modified: 1)
        }
        let files = [
            "etc/passwd": "nobody:x:65534:65534::/:/none\n", "etc/old/file": "gone", "usr/bin/run": "#!\(text)",
        ]
        for (path, content) in files {
            tree[try EntryPath(path)] = FileEntry(.regular(.bytes(Array(content.utf8))), mode: 0o755, modified: 1)
        }
        tree[try EntryPath("bin")] = FileEntry(.symlink(target: Array("usr/bin".utf8)), mode: 0o777, modified: 1)
        let latin = try EntryPath(Array("srv/caf".utf8) + [0xe9])
        tree[latin] = FileEntry(.regular(.bytes([])), mode: 0o644, modified: 1)
        tree[try EntryPath("srv/link")] = FileEntry(.symlink(target: latin.name), mode: 0o777, modified: 1)
        // Does not compress, so that the layer has a size.
        let noise = noise(200_000, seed: architecture == "amd64" ? 1 : 2)
        tree[try EntryPath("usr/\(architecture)")] = FileEntry(.regular(.bytes(noise)), mode: 0o644, modified: 1)
        return tree
    }

    private static func upper() throws -> FileTree {
        var tree = FileTree()
        tree[try EntryPath("etc/.wh.old")] = FileEntry(.regular(.bytes([])), mode: 0, modified: 1)
        return tree
    }

    private func layer(_ tree: FileTree, _ codec: LayerCodec) throws -> (descriptor: Descriptor, diffID: DiffID) {
        let file = layout.appending(path: "layer")
        let descriptor = try FileDescriptor.open(
            FilePath(file.path), .readWrite, options: [.create, .truncate], permissions: .ownerReadWrite)
        let written = try descriptor.closeAfter {
            try LayerWriter.write(tree, codec: codec, threads: 1, to: descriptor, isCancelled: { false })
        }
        try? FileManager.default.removeItem(at: blob(written.digest))
        try FileManager.default.moveItem(at: file, to: blob(written.digest))
        return (Descriptor(mediaType: codec.mediaType, digest: written.digest, size: written.size), written.diffID)
    }

    private func add(_ bytes: [UInt8], _ type: MediaType) throws -> Descriptor {
        let digest = Digest(of: bytes)
        try Data(bytes).write(to: blob(digest))
        return Descriptor(mediaType: type, digest: digest, size: Int64(bytes.count))
    }
}
