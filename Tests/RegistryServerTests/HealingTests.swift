import DurableFiles
import NIOHTTP1
import OCIContent
import OCIModel
import RegistryServer
import RegistryTesting
import SystemPackage
import TestSupport
import Testing

/// Tests of what becomes of blobs that were damaged on disk.
@Suite struct HealingTests {
    private let blob = noise(100_000)
    private var digest: Digest { Digest(of: blob) }

    private enum Place: CaseIterable { case sharedFile, pool, repository, missingPool }

    /// Damages a blob that `one` and `two` have.
    private func damage(_ place: Place, _ root: FilePath) throws {
        var wrong = blob
        wrong[5] ^= 1
        let pool = root.appending("blobs/sha256/\(digest.hex)")
        let one = root.appending("repositories/one/_blobs/sha256/\(digest.hex)")
        switch place {
        case .sharedFile:
            try FileSystem.open(pool, .readOnly, "").closeAfter { FileSystem.setMode($0, 0o644) }
            try FileSystem.open(pool, .writeOnly, "").closeAfter { try $0.writeAll(wrong) }
        case .pool: try FileSystem.write(wrong, to: pool)
        case .repository: try FileSystem.write(wrong, to: one)
        case .missingPool:
            try damage(.sharedFile, root)
            try FileSystem.remove(pool)
        }
    }

    @Test(arguments: Place.allCases)
    private func `a push of the right bytes replaces damaged ones under every name`(place: Place) async throws {
        try await TestRegistry.run { registry in
            let client = RegistryClient(registry)
            for name in ["one", "two"] { try await client.push(blob, to: name) }
            try damage(place, registry.storage.root)
            // Whoever reads it first finds out; from then on it counts as missing.
            for name in ["one", "two"] { _ = try? await client.send(.GET, "/v2/\(name)/blobs/\(digest)") }
            try await client.push(blob, to: "one")
            try await client.push(blob, to: "three")
            for name in ["one", "two", "three"] {
                #expect(try await client.send(.GET, "/v2/\(name)/blobs/\(digest)").body == blob, "\(name)")
            }
            #expect(try FileSystem.names(in: registry.storage.root.appending("blobs/sha256")) == [digest.hex])
        }
    }

    @Test(arguments: [true, false])
    func `a blob that is damaged under two names counts once`(repair: Bool) async throws {
        try await TestRegistry.run { registry in
            try await RegistryClient(registry).push(blob, to: "one")
            try await RegistryClient(registry).push(blob, to: "two")
            let root = registry.storage.root
            try damage(.sharedFile, root)
            let store = try ContentStore(root: root)
            var result = try store.verify(repair: repair, isCancelled: { false })
            try registry.storage.verify(repair: repair, into: &result, isCancelled: { false })
            #expect(result.blobs == 1 && result.bytes == 100_000 && result.damaged == [digest.description])
        }
    }

    @Test(arguments: [true, false])
    func `a repair of the store takes damaged blobs and manifests from its registry's repositories`(isOwn: Bool)
        async throws
    {
        let folder = try TemporaryFolder.make()
        defer { TemporaryFolder.remove(folder) }
        let store = try ContentStore(root: folder)
        let storage = try isOwn ? RegistryStorage(of: store) : RegistryStorage(root: folder)
        let registry = try await RegistryServer.start(storage, RegistryConfiguration(now: { 0 }, random: { 1 }))
        let client = RegistryClient("http://\(registry.host)")
        try await client.push(blob)
        let manifest = try await client.pushImage("1")
        func verify(repair: Bool) throws -> [String] {
            var result = try store.verify(repair: repair, isCancelled: { false })
            for registry in try RegistryStorage.registries(in: store) {
                try registry.verify(repair: repair, into: &result, isCancelled: { false })
            }
            return result.damaged
        }
        #expect(try verify(repair: false) == [])
        let repository = storage.root.appending("repositories/a/b")
        for path in ["_blobs/sha256/\(digest.hex)", "_manifests/sha256/\(manifest.hex)"] {
            try FileSystem.write(noise(10), to: repository.appending(path))
        }
        let damaged = [digest, manifest].map(\.description).sorted()
        #expect(try verify(repair: false) == damaged)
        #expect(try verify(repair: true) == damaged)
        #expect(try verify(repair: true) == [])
        #expect(try await client.send(.HEAD, "/v2/a/b/manifests/1").status == 404)
        try await client.push(blob)
        #expect(try await client.send(.GET, "/v2/a/b/blobs/\(digest)").body == blob)
        await registry.stop()
    }
}

extension FileDescriptor {
    fileprivate func closeAfter(_ body: (FileDescriptor) throws -> Void) throws {
        defer { try? close() }
        try body(self)
    }
}
