import DurableFiles
import OCIContent
import OCIModel
import SystemPackage
import TestSupport
import Testing

@Suite struct OCILayoutTests {
    /// Creates an image of one platform in a store.
    private func image(in store: ContentStore, created: Int64 = 0) throws -> Descriptor {
        let layer = try store.add([1, 2, 3])
        let platform = Platform(os: "linux", architecture: "amd64")
        let config = try Encoded(
            ImageConfig(
                platform: platform, created: Timestamp(seconds: created), config: .init(),
                layers: [(DiffID(layer), .init(created: Timestamp(seconds: 0), createdBy: "test"))]), as: .config)
        let manifest = try Encoded(
            Manifest(
                config: config.descriptor, layers: [Descriptor(mediaType: .layerGzip, digest: layer, size: 3)]),
            as: .manifest, platform: platform)
        let index = try Encoded(Index(manifests: [manifest.descriptor]), as: .index)
        for bytes in [config.bytes, manifest.bytes, index.bytes] { _ = try store.add(bytes) }
        return index.descriptor
    }

    @Test func `an image is copied whole and found by its name`() async throws {
        try await withTemporaryFolder { folder in
            let store = try ContentStore(root: folder.appending("store"))
            let layout = OCILayout(root: folder.appending("layout"))
            let root = try image(in: store)
            try await copy(root, from: store, to: layout, tag: "v1")
            #expect(try await layout.descriptor(named: "v1").digest == root.digest)
            #expect(
                try FileSystem.read(folder.pushing("layout/oci-layout"), limit: 100)
                    == Array(#"{"imageLayoutVersion":"1.0.0"}"#.utf8))
            #expect(try names(in: folder.pushing("layout/blobs/sha256")).count == 4)
        }
    }

    @Test func `a second image takes over the name and leaves other names`() async throws {
        try await withTemporaryFolder { folder in
            let store = try ContentStore(root: folder.appending("store"))
            let layout = OCILayout(root: folder.appending("layout"))
            let (first, second) = (try image(in: store), try image(in: store, created: 1))
            try await copy(first, from: store, to: layout, tag: "old")
            try await copy(first, from: store, to: layout, tag: "v1")
            try await copy(second, from: store, to: layout, tag: "v1")
            #expect(try await layout.descriptor(named: "v1").digest == second.digest)
            #expect(try await layout.descriptor(named: "old").digest == first.digest)
            await #expect(throws: ContentError.self) { try await layout.descriptor(named: "v2") }
            await #expect(throws: ContentError.self) { try await layout.descriptor(named: nil) }
        }
    }

    @Test func `names that are set together are listed once, and those before a failure too`() async throws {
        struct Failure: Error {}
        try await withTemporaryFolder { folder in
            let store = try ContentStore(root: folder.appending("store"))
            let (first, second) = (try image(in: store), try image(in: store, created: 1))
            let layout = OCILayout(root: folder.appending("layout"))
            try await copy(first, from: store, to: layout, tag: "old")
            let before = try FileStatus(of: folder.pushing("layout/index.json")).inode
            await #expect(throws: Failure.self) {
                try await layout.listingAtOnce { layout in
                    for number in 0..<50 { try await copy(second, from: store, to: layout, tag: "v\(number % 40)") }
                    try await copy(second, from: store, to: layout, tag: "old")
                    try await copy(first, from: store, to: layout, tag: "v7")
                    #expect(try FileStatus(of: folder.pushing("layout/index.json")).inode == before)
                    #expect(try await layout.current("v7")?.digest == first.digest)
                    throw Failure()
                }
            }
            #expect(try await layout.tags().count == 41)
            #expect(try layout.index()?.manifests.count == 41)
            #expect(try await layout.descriptor(named: "old").digest == second.digest)
            #expect(try await layout.descriptor(named: "v7").digest == first.digest)
        }
    }

    @Test func `nothing is named if a blob is missing`() async throws {
        try await withTemporaryFolder { folder in
            let store = try ContentStore(root: folder.appending("store"))
            let layout = OCILayout(root: folder.appending("layout"))
            let root = try image(in: store)
            try FileSystem.remove(store.path(of: Digest(of: [1, 2, 3])))
            await #expect(throws: ContentError.self) { try await copy(root, from: store, to: layout, tag: "v1") }
            #expect(try layout.index() == nil)
        }
    }

    @Test func `a damaged blob does not leave the store`() async throws {
        try await withTemporaryFolder { folder in
            let store = try ContentStore(root: folder.appending("store"))
            let layout = OCILayout(root: folder.appending("layout"))
            let root = try image(in: store)
            try overwrite(store.path(of: Digest(of: [1, 2, 3])), with: "abc")
            let error = await #expect(throws: ContentError.self) {
                try await copy(root, from: store, to: layout, tag: "v1")
            }
            #expect(error?.code == .corrupt)
            #expect(try layout.index() == nil)
        }
    }

    @Test func `a blob that was changed in the layout is restored`() async throws {
        try await withTemporaryFolder { folder in
            let store = try ContentStore(root: folder.appending("store"))
            let layout = OCILayout(root: folder.appending("layout"))
            let root = try image(in: store)
            let layer = Digest(of: [1, 2, 3])
            try await copy(root, from: store, to: layout, tag: "v1")
            // The file is now the layout's own, no longer the store's under another name.
            try FileSystem.write([1, 2, 3], to: layout.path(of: layer))
            try overwrite(layout.path(of: layer), with: "abc")
            try await copy(root, from: store, to: layout, tag: "v1")
            #expect(try FileSystem.read(layout.path(of: layer), limit: 10) == [1, 2, 3])
        }
    }

    /// Makes every blob of a layout a file that somebody else put there, whose time says nothing.
    private func putAnew(_ layout: OCILayout) throws -> [Digest: [UInt8]] {
        let digests = try names(in: layout.root.pushing("blobs/sha256")).map { try Digest("sha256:\($0)") }
        return try Dictionary(
            uniqueKeysWithValues: digests.map { digest in
                let bytes = try #require(try FileSystem.read(layout.path(of: digest), limit: 1 << 20))
                try FileSystem.write(bytes, to: layout.path(of: digest))
                return (digest, bytes)
            })
    }

    @Test func `an image is copied within its layout, and loses nothing`() async throws {
        try await withTemporaryFolder { folder in
            let store = try ContentStore(root: folder.appending("store"))
            let layout = OCILayout(root: folder.appending("layout"))
            let root = try image(in: store)
            try await copy(root, from: store, to: layout, tag: "v1")
            let blobs = try putAnew(layout)
            try await copy(root, from: layout, to: layout, tag: "v2")
            for (digest, bytes) in blobs {
                #expect(try FileSystem.read(layout.path(of: digest), limit: 1 << 20) == bytes)
            }
            #expect(blobs.count == 4)
            #expect(try await layout.descriptor(named: "v2").digest == root.digest)
            #expect(try names(in: folder.pushing("layout/blobs/sha256")).count == 4)
        }
    }

    @Test func `a copy that fails takes nothing from the layout`() async throws {
        try await withTemporaryFolder { folder in
            let layout = OCILayout(root: folder.appending("layout"))
            let (store, other) = (
                try ContentStore(root: folder.appending("store")), try ContentStore(root: folder.appending("other"))
            )
            let root = try image(in: store)
            try await copy(root, from: store, to: layout, tag: "v1")
            let blobs = try putAnew(layout)
            _ = try image(in: other)
            for digest in blobs.keys where digest != root.digest { try overwrite(other.path(of: digest), with: "abc") }
            await #expect(throws: (any Error).self) { try await copy(root, from: other, to: layout, tag: "v2") }
            for (digest, bytes) in blobs {
                #expect(try FileSystem.read(layout.path(of: digest), limit: 1 << 20) == bytes)
            }
        }
    }

    @Test func `every damaged document stops a copy from the layout`() async throws {
        try await withTemporaryFolder { folder in
            let store = try ContentStore(root: folder.appending("store"))
            let layout = OCILayout(root: folder.appending("layout"))
            let root = try image(in: store)
            try await copy(root, from: store, to: layout, tag: "v1")
            let manifest = try CanonicalJSON.decode(Index.self, from: try await layout.document(root)).manifests[0]
            for document in [root, manifest] {
                let path = layout.path(of: document.digest)
                let good = try #require(try FileSystem.read(path, limit: 10_000))
                var bad = good
                bad[0] ^= 1
                try FileSystem.write(bad, to: path)
                let target = OCILayout(root: folder.appending("target"))
                await #expect(throws: ContentError.self) { try await copy(root, from: layout, to: target, tag: "v1") }
                #expect(try target.index() == nil)
                try FileSystem.write(good, to: path)
            }
        }
    }

    @Test func `an invalid index is refused with advice`() throws {
        try withTemporaryFolder { folder in
            try FileSystem.write(Array("{".utf8), to: folder.appending("index.json"))
            let layout = OCILayout(root: folder)
            let error = #expect(throws: ContentError.self) { try layout.index() }
            #expect(error?.code == .invalidLayout)
            #expect(error?.hint?.contains("another folder") == true)
        }
    }

    /// A checkout can carry a layout whose own names are links.
    @Test(arguments: ["blobs", "blobs/sha256", "index.json", "oci-layout"])
    func `nothing is written through a link in a layout`(name: String) async throws {
        try await withTemporaryFolder { folder in
            let store = try ContentStore(root: folder.appending("store"))
            let root = try image(in: store)
            let elsewhere = folder.appending("elsewhere")
            try FileSystem.makeDirectories(elsewhere)
            let planted = folder.appending("layout").pushing(FilePath(name))
            try FileSystem.makeDirectories(planted.removingLastComponent())
            try FileSystem.makeSymlink(planted, to: elsewhere.string.utf8)
            let error = await #expect(throws: FileError.self) {
                try await copy(root, from: store, to: OCILayout(root: folder.appending("layout")), tag: "v1")
            }
            #expect(error?.code == .notPlain)
            #expect(try names(in: elsewhere).isEmpty)
        }
    }

    @Test func `a blob that was rewritten with its size and time is found when it is hashed again`() async throws {
        try await withTemporaryFolder { folder in
            let store = try ContentStore(root: folder.appending("store"))
            let root = try image(in: store)
            let layer = Descriptor(mediaType: .layerGzip, digest: Digest(of: [1, 2, 3]), size: 3)
            let path = folder.appending("layout")
            try await copy(root, from: store, to: OCILayout(root: path), tag: "v1")
            let place = OCILayout(root: path).path(of: layer.digest)
            try FileSystem.write([9, 9, 9], to: place)
            FileSystem.seal(place)
            try await copy(root, from: store, to: OCILayout(root: path), tag: "v1")
            #expect(try FileSystem.read(place, limit: 10) == [9, 9, 9])
            try await copy(root, from: store, to: OCILayout(root: path, hashesAgain: true), tag: "v1")
            #expect(try FileSystem.read(place, limit: 10) == [1, 2, 3])
        }
    }
}
