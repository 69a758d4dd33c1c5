import DurableFiles
import Foundation
import LayerArchive
import OCIArchive
import OCIContent
import OCIModel
import SystemPackage
import TestSupport
import Testing

import struct NIOCore.ByteBuffer

/// The place for what must be copied first, where nothing must.
private func noSpool() throws -> FileDescriptor { throw Errno.permissionDenied }

/// A temporary folder with a store and an image of real layers in it.
struct ArchiveFixture: ~Copyable {
    let folder: FilePath
    let store: ContentStore
    let platform = Platform(os: "linux", architecture: "amd64")

    init() throws {
        let folder = try TemporaryFolder.make()
        store = try ContentStore(root: folder.appending("store"))
        self.folder = folder
    }

    deinit { TemporaryFolder.remove(folder) }

    /// Adds a layer of one file.
    func layer(_ text: String, _ compression: LayerCodec.Compression = .gzip) throws -> (Descriptor, DiffID) {
        var tree = FileTree()
        tree[try EntryPath("file")] = FileEntry(.regular(.bytes(Array(text.utf8))), mode: 0o644, modified: 0)
        let codec = LayerCodec.standard(compression)
        return try store.add { file in
            let written = try LayerWriter.write(tree, codec: codec, threads: 1, to: file, isCancelled: { false })
            let descriptor = Descriptor(mediaType: codec.mediaType, digest: written.digest, size: written.size)
            return (written.digest, (descriptor, written.diffID))
        }
    }

    func image(_ layers: [(Descriptor, DiffID)]) throws -> Descriptor {
        let history = layers.map { ($0.1, ImageConfig.History(created: Timestamp(seconds: 0), createdBy: "test")) }
        let config = try Encoded(
            ImageConfig(platform: platform, created: Timestamp(seconds: 0), config: .init(), layers: history),
            as: .config)
        let manifest = try Encoded(Manifest(config: config.descriptor, layers: layers.map(\.0)), as: .manifest)
        for bytes in [config.bytes, manifest.bytes] { _ = try store.add(bytes) }
        return manifest.descriptor
    }

    func write(_ format: ArchiveFormat, _ root: Descriptor, as name: String) async throws -> FilePath {
        let path = folder.appending(name)
        try await format.write(to: OutputFile(path), collectingIn: store) {
            try await copy(root, from: store, to: $0, tag: "v1")
        }
        return path
    }

    /// Writes a tar file of these members.
    func tar(_ members: [String: [UInt8]], links: [String: String] = [:]) throws -> FilePath {
        var tree = FileTree()
        for (name, bytes) in members {
            tree[try EntryPath(name)] = FileEntry(.regular(.bytes(bytes)), mode: 0o644, modified: 0)
        }
        for (name, target) in links {
            tree[try EntryPath(name)] = FileEntry(.symlink(target: Array(target.utf8)), mode: 0o777, modified: 0)
        }
        for name in Array(members.keys) + links.keys {
            var folder = try EntryPath(name).parent
            while let path = folder, !path.isRoot {
                tree[path] = FileEntry(.directory, mode: 0o755, modified: 0)
                folder = path.parent
            }
        }
        let path = folder.appending("made.tar")
        try FileSystem.replace(path) { try TarFile.write(tree, to: $0, isCancelled: { false }) }
        return path
    }
}

@Suite struct LayoutArchiveTests {
    @Test(arguments: [ArchiveFormat.layout, .docker(name: "x")])
    func `an interrupted write leaves no archive`(_ format: ArchiveFormat) async throws {
        let fixture = try ArchiveFixture()
        let root = try fixture.image([fixture.layer("one")])
        let (store, path) = (fixture.store, fixture.folder.appending("a.tar"))
        let task = Task {
            try await format.write(to: OutputFile(path), collectingIn: store) {
                try await copy(root, from: store, to: $0, tag: "v1")
                withUnsafeCurrentTask { $0?.cancel() }
            }
        }
        let error = await #expect(throws: LayerArchiveError.self) { try await task.value }
        #expect(error?.code == .cancelled)
        #expect(try FileSystem.names(in: fixture.folder) == ["store"])
    }

    @Test func `an image survives a round trip through an archive, bytes unchanged`() async throws {
        let fixture = try ArchiveFixture()
        let root = try fixture.image([
            try fixture.layer("one"), try fixture.layer(String(repeating: "long ", count: 400_000)),
        ])
        let path = try await fixture.write(.layout, root, as: "image.tar")
        let archive = try LayoutArchive(reading: path, spool: noSpool, isCancelled: { false })
        #expect(try await archive.tags() == ["v1"])
        #expect(try await archive.descriptor(named: nil).digest == root.digest)
        let layout = OCILayout(root: fixture.folder.appending("layout"))
        let result = try await copy(try await archive.resolve("v1"), from: archive, to: layout, tag: "v2")
        #expect(result.blobs == 3)
        #expect(try await layout.resolve("v2").digest == root.digest)
    }

    @Test func `content addressed by SHA-512 is archived and checked as well`() async throws {
        let fixture = try ArchiveFixture()
        let source = OCILayout(root: fixture.folder.appending("source"))
        func put(_ bytes: [UInt8], _ type: MediaType) async throws -> Descriptor {
            let digest = Digest(of: bytes, by: .sha512)
            let descriptor = Descriptor(mediaType: type, digest: digest, size: Int64(bytes.count))
            try await source.putDocument(bytes, as: descriptor)
            return descriptor
        }
        let layer = try await put(Array("layer".utf8), .layerGzip)
        let config = try await put(Array(#"{"architecture":"amd64","os":"linux"}"#.utf8), .config)
        let bytes = try CanonicalJSON.encode(Manifest(config: config, layers: [layer]))
        let root = try await put(bytes, .manifest)
        let path = fixture.folder.appending("image.tar")
        try await ArchiveFormat.layout.write(to: OutputFile(path), collectingIn: fixture.store) {
            try await copy(root, from: source, to: $0, tag: "v1")
        }
        let archive = try LayoutArchive(reading: path, spool: noSpool, isCancelled: { false })
        let layout = OCILayout(root: fixture.folder.appending("layout"))
        try await copy(try await archive.resolve("v1"), from: archive, to: layout, tag: "v2")
        #expect(try await layout.resolve("v2").digest == root.digest)
        #expect(try await layout.document(layer) == Array("layer".utf8))

        let other = try fixture.tar([
            "oci-layout": Array("{}".utf8), "index.json": try CanonicalJSON.encode(Index(manifests: [root])),
            "blobs/sha512/\(root.digest.hex)": bytes,
            "blobs/sha512/\(config.digest.hex)": try await source.document(config),
            "blobs/sha512/\(layer.digest.hex)": Array("Layer".utf8),
        ])
        let damaged = try LayoutArchive(reading: other, spool: noSpool, isCancelled: { false })
        let error = await #expect(throws: ContentError.self) {
            try await copy(root, from: damaged, to: OCILayout(root: fixture.folder.appending("third")), tag: "v1")
        }
        #expect(error?.code == .corrupt)
    }

    @Test func `equal images give equal archives`() async throws {
        let fixture = try ArchiveFixture()
        let root = try fixture.image([try fixture.layer("one"), try fixture.layer("two")])
        for format in [ArchiveFormat.layout, .docker(name: "x")] {
            let first = try FileSystem.read(try await fixture.write(format, root, as: "1.tar"), limit: 1 << 20)
            let second = try FileSystem.read(try await fixture.write(format, root, as: "2.tar"), limit: 1 << 20)
            #expect(first != nil && first == second)
        }
    }

    @Test func `nothing is written if a blob is missing, and nothing is left in the store`() async throws {
        let fixture = try ArchiveFixture()
        let layer = try fixture.layer("one")
        let root = try fixture.image([layer])
        try FileSystem.remove(fixture.store.path(of: layer.0.digest))
        await #expect(throws: ContentError.self) { try await fixture.write(.layout, root, as: "image.tar") }
        #expect(FileSystem.regularFileSize(fixture.folder.appending("image.tar")) == nil)
        #expect(try FileSystem.names(in: fixture.store.root.appending("tmp")) == [])
    }

    @Test func `a blob that was changed in the archive is not read from it`() async throws {
        let fixture = try ArchiveFixture()
        let layer = try fixture.layer("one")
        let root = try fixture.image([layer])
        let path = try await fixture.write(.layout, root, as: "image.tar")
        var bytes = try #require(try FileSystem.read(path, limit: 1 << 20))
        let blob = try #require(try FileSystem.read(fixture.store.path(of: layer.0.digest), limit: 1 << 20))
        let place = try #require(bytes.indices.first { bytes[$0...].starts(with: blob) })
        bytes[place + blob.count / 2] ^= 1
        try FileSystem.write(bytes, to: path)
        let archive = try LayoutArchive(reading: path, spool: noSpool, isCancelled: { false })
        let error = await #expect(throws: ContentError.self) {
            try await copy(root, from: archive, to: OCILayout(root: fixture.folder.appending("out")), tag: "v1")
        }
        #expect(error?.code == .corrupt)
    }

    @Test func `a blob is read from any offset, and checked as a whole`() async throws {
        let fixture = try ArchiveFixture()
        let layer = try fixture.layer("one")
        let path = try await fixture.write(.layout, try fixture.image([layer]), as: "image.tar")
        let archive = try LayoutArchive(reading: path, spool: noSpool, isCancelled: { false })
        let all = try #require(try FileSystem.read(fixture.store.path(of: layer.0.digest), limit: 1 << 20))
        let rest = try await archive.withBlob(layer.0, from: 10) { body in
            guard case .stream(let stream) = body else { return [UInt8]() }
            var bytes: [UInt8] = []
            for try await piece in stream { bytes += Array(piece.readableBytesView) }
            return bytes
        }
        #expect(rest == Array(all.dropFirst(10)))
    }

    @Test func `the errors for a layer and for a tar file without a layout say what to do`() async throws {
        let fixture = try ArchiveFixture()
        let layer = try fixture.layer("one")
        let bare = #expect(throws: ContentError.self) {
            try LayoutArchive(
                reading: fixture.store.path(of: layer.0.digest), spool: fixture.store.unnamedFile,
                isCancelled: { false })
        }
        #expect(bare?.message.contains("does not contain an OCI layout") == true)
        let docker = try await fixture.write(.docker(name: "x"), try fixture.image([layer]), as: "docker.tar")
        let error = #expect(throws: ContentError.self) {
            try LayoutArchive(reading: docker, spool: noSpool, isCancelled: { false })
        }
        #expect(error?.hint?.contains("docker-archive:") == true)
    }
}

@Suite struct DockerArchiveTests {
    private func manifest(_ config: String, _ layers: [String], tags: [String] = ["etcd:v1"]) throws -> [UInt8] {
        try CanonicalJSON.encode([
            JSONValue.object([
                "Config": .text(config), "RepoTags": .array(tags.map { .text($0) }),
                "Layers": .array(layers.map { .text($0) }),
            ])
        ])
    }

    @Test func `a written archive is read as the same image`() async throws {
        let fixture = try ArchiveFixture()
        let root = try fixture.image([try fixture.layer("one"), try fixture.layer("two", .zstd)])
        let path = try await fixture.write(.docker(name: "etcd"), root, as: "docker.tar")
        let archive = try DockerArchive(reading: path, spool: noSpool, isCancelled: { false })
        #expect(try archive.descriptor(named: nil).digest == root.digest)
        #expect(try archive.descriptor(named: "etcd:v1").digest == root.digest)
        #expect(archive.tag(of: root) == "v1")
        #expect(throws: ContentError.self) { try archive.descriptor(named: "etcd:v2") }
        let layout = OCILayout(root: fixture.folder.appending("layout"))
        try await copy(root, from: archive, to: layout, tag: "v1")
        #expect(try await layout.resolve("v1").digest == root.digest)
    }

    @Test func `plain layers keep their bytes, and links between members are followed`() async throws {
        let fixture = try ArchiveFixture()
        let layer = try fixture.layer("one")
        let plain = try DecompressedFile.contents(
            of: OpenFile(reading: fixture.store.path(of: layer.0.digest)), limit: 1 << 20, isCancelled: { false })
        let bare = (Descriptor(mediaType: .layerTar, digest: Digest(of: plain), size: Int64(plain.count)), layer.1)
        let image = try fixture.image([bare, bare])
        let config = try CanonicalJSON.decode(Manifest.self, from: try fixture.store.readDocument(image)).config
        let path = try fixture.tar(
            [
                "config.json": try fixture.store.readDocument(config), "a/layer.tar": plain,
                "manifest.json": try manifest("config.json", ["a/layer.tar", "b/layer.tar"]),
            ], links: ["b/layer.tar": "../a/layer.tar"])
        let archive = try DockerArchive(reading: path, spool: noSpool, isCancelled: { false })
        #expect(try archive.descriptor(named: nil).digest == image.digest, "the manifest is always made the same way")
    }

    @Test(arguments: ["missing", "other", "escaping", "repeated"])
    func `an archive with false statements is refused`(_ fault: String) throws {
        let fixture = try ArchiveFixture()
        let (one, two) = (try fixture.layer("one"), try fixture.layer("two"))
        let image = try fixture.image([one])
        let config = try CanonicalJSON.decode(Manifest.self, from: try fixture.store.readDocument(image)).config
        let blob = try #require(try FileSystem.read(fixture.store.path(of: one.0.digest), limit: 1 << 20))
        let other = try #require(try FileSystem.read(fixture.store.path(of: two.0.digest), limit: 1 << 20))
        let layers =
            ["missing": ["nowhere"], "other": ["l"], "escaping": ["../l"], "repeated": ["l", "l"]][fault] ?? []
        let path = try fixture.tar([
            "config.json": try fixture.store.readDocument(config), "l": fault == "other" ? other : blob,
            "manifest.json": try manifest("config.json", layers),
        ])
        let error = #expect(throws: ContentError.self) {
            try DockerArchive(reading: path, spool: noSpool, isCancelled: { false })
        }
        #expect([.corrupt, .invalidLayout].contains(error?.code))
    }

    @Test func `only an image of one platform with all its layers can be written`() async throws {
        let fixture = try ArchiveFixture()
        let layer = try fixture.layer("one")
        let image = try fixture.image([layer])
        let index = try Encoded(Index(manifests: [image]), as: .index)
        _ = try fixture.store.add(index.bytes)
        let error = await #expect(throws: ContentError.self) {
            try await fixture.write(.docker(name: "x"), index.descriptor, as: "docker.tar")
        }
        #expect(error?.message.contains("one platform") == true)
        var options = CopyOptions()
        options.absent = [layer.0.digest]
        await #expect(throws: ContentError.self) {
            try await ArchiveFormat.docker(name: "x").write(
                to: OutputFile(fixture.folder.appending("x.tar")), collectingIn: fixture.store
            ) { try await copy(image, from: fixture.store, to: $0, tag: "v1", options) }
        }
        #expect(FileSystem.regularFileSize(fixture.folder.appending("x.tar")) == nil)
    }
}
