import DurableFiles
import HTTPTypes
import NIOCore
import OCIContent
import OCIModel
import OCIRegistry
import RegistryTesting
import SystemPackage
import Testing

/// Tests of images addressed by SHA-512, over the wire and in layouts.
@Suite struct OtherDigestTests {
    private func connected(
        to registry: TestRegistry,
        _ body: @Sendable (_ repository: @Sendable (RepositoryName) throws -> RegistryRepository) async throws -> Void
    ) async throws {
        let host = try RegistryHost(registry.host)
        try await RegistryNetwork.withNetwork(ConnectionFixture().settings()) { network in
            try await body { RegistryRepository($0, over: try network.connection(to: host), settings: .smallChunks) }
        }
    }

    /// Reads all of an image, whose digests are checked on the way.
    private func readWhole(_ image: FakeImage, from source: some ContentSource) async throws {
        #expect(try await source.document(image.root) == image.index)
        for blob in image.blobs {
            let descriptor = Descriptor(of: blob, by: image.algorithm)
            let found = try await source.withBlob(descriptor, from: 0) { body in
                guard case .stream(let pieces) = body else { return [UInt8]() }
                return try await pieces.reduce(into: []) { $0.append(contentsOf: $1.readableBytesView) }
            }
            #expect(found == blob)
        }
    }

    @Test(arguments: Digest.Algorithm.allCases)
    func `an image is copied from a registry to a layout and another repository, digests unchanged`(
        algorithm: Digest.Algorithm
    ) async throws {
        let image = try FakeImage(platforms: 2, layers: 2, size: 150_000, by: algorithm)
        try await TestRegistry.run { registry in
            let layout = OCILayout(root: registry.folder.appending("layout"))
            try await connected(to: registry) { repository in
                try await copy(image.root, from: image.source, to: repository("a"), tag: "1")
                #expect(try await repository("a").resolve("1") == image.root)
                try await copy(image.root, from: repository("a"), to: layout, tag: "1")
                #expect(try await layout.resolve("1").digest == image.root.digest)
                let names = try FileSystem.names(in: layout.root.appending("blobs"))
                #expect(names == [algorithm.rawValue])

                try await copy(image.root, from: layout, to: repository("b"), tag: "2")
                #expect(try await repository("b").resolve("2") == image.root)
                #expect(try await repository("b").current("2")?.digest == image.root.digest)
                try await readWhole(image, from: repository("b"))
            }
            let begun = registry.wire.requests(.uploadStart)
            #expect(!begun.isEmpty)
            #expect(begun.allSatisfy { $0.path.contains("digest-algorithm=sha512") == (algorithm == .sha512) })
            #expect(registry.wire.requests(.uploadChunk).isEmpty == false)
        }
    }

    @Test func `a registry that cannot tag by digest still receives the tag`() async throws {
        let image = try FakeImage(platforms: 1, layers: 1, size: 2000, by: .sha512)
        try await TestRegistry.run { registry in
            registry.faults.on(
                .manifest, method: .put, turns: 1...9, .editHeaders { $0[HTTPField.Name("OCI-Tag")!] = nil })
            try await connected(to: registry) { repository in
                try await copy(image.root, from: image.source, to: repository("a"), tag: "1")
                #expect(try await repository("a").resolve("1").digest.isOf(image.index))
                try await readWhole(image, from: repository("a"))
            }
        }
    }

    @Test func `a blob that a registry has changed is refused`() async throws {
        let image = try FakeImage(platforms: 1, layers: 1, size: 20_000, by: .sha512)
        try await TestRegistry.run { registry in
            let layout = OCILayout(root: registry.folder.appending("layout"))
            try await connected(to: registry) { repository in
                try await copy(image.root, from: image.source, to: repository("a"), tag: "1")
                registry.faults.on(
                    .blob, method: .get, turns: 1...9, .editBody { $0.dropLast() + [$0.last.map { $0 ^ 1 } ?? 0] })
                let error = await #expect(throws: OCIRegistryError.self) {
                    try await copy(image.root, from: repository("a"), to: layout, tag: "1")
                }
                #expect(error?.code == .corrupt)
                #expect(try layout.index() == nil)
            }
        }
    }

    @Test func `a blob that was damaged in a layout never reaches a registry whole`() async throws {
        let image = try FakeImage(platforms: 1, layers: 1, size: 20_000, by: .sha512)
        try await TestRegistry.run { registry in
            let layout = OCILayout(root: registry.folder.appending("layout"))
            try await copy(image.root, from: image.source, to: layout, tag: "1")
            let path = layout.path(of: Digest(of: image.blobs[0], by: .sha512))
            try FileSystem.remove(path)
            try FileSystem.write(image.blobs[0].dropLast() + [image.blobs[0].last.map { $0 ^ 1 } ?? 0], to: path)
            try await connected(to: registry) { repository in
                let error = await #expect(throws: OCIRegistryError.self) {
                    try await copy(image.root, from: layout, to: repository("a"), tag: "1")
                }
                #expect(error?.code == .corrupt)
                let current = try await repository("a").current("1")
                #expect(current == nil)
            }
        }
    }

    @Test func `referrers of a document with SHA-512 are found under its shortened tag`() async throws {
        let subject = Descriptor(of: Array("subject".utf8), .manifest, by: .sha512)
        var index = Index(manifests: [])
        index.subject = subject
        let bytes = try CanonicalJSON.encode(index)
        try await TestRegistry.run(quirks: [.noReferrers(status: 404)]) { registry in
            try await connected(to: registry) { repository in
                let writer = try repository("a")
                try await writer.putDocument(bytes, as: Descriptor(of: bytes, .index))
                #expect(try await writer.tags() == ["sha512-\(subject.digest.hex.prefix(64))"])
                #expect(try await repository("a").referrers(of: subject.digest).map(\.digest) == [Digest(of: bytes)])
            }
        }
    }
}
