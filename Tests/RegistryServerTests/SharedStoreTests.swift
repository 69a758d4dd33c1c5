import DurableFiles
import FoundationEssentials
import NIOHTTP1
import OCIContent
import OCIModel
import RegistryServer
import RegistryTesting
import SystemPackage
import Testing

/// Tests of a registry whose blobs are kept in the image store.
@Suite struct SharedStoreTests {
    private func run(_ body: (ContentStore, RegistryClient) async throws -> Void) async throws {
        let folder = FilePath(FileManager.default.temporaryDirectory.path).appending("shared-\(UUID())")
        try FileSystem.makeDirectories(folder)
        defer { try? FileSystem.removeTree(folder) }
        let store = try ContentStore(root: folder)
        let storage = try RegistryStorage(root: folder.appending("registry"), sharing: store)
        let registry = try await RegistryServer.start(
            storage, RegistryConfiguration(now: { 0 }, random: { .random(in: .min ... .max) }))
        let result: Result<Void, any Error>
        do { result = .success(try await body(store, RegistryClient("http://\(registry.host)"))) } catch {
            result = .failure(error)
        }
        await registry.stop()
        try result.get()
    }

    @Test func `blobs that a build made need not be sent`() async throws {
        try await run { store, client in
            let digest = try store.add(noise(1000))
            #expect(try await client.send(.HEAD, "/v2/a/b/blobs/\(digest)").status == 404)
            #expect(try await client.send(.POST, "/v2/a/b/blobs/uploads/?mount=\(digest)").status == 201)
            #expect(try await client.send(.GET, "/v2/a/b/blobs/\(digest)").body == noise(1000))
            // Clients that know no other repository ask like this.
            #expect(try await client.send(.POST, "/v2/c/d/blobs/uploads/?mount=\(digest)&from=c/d").status == 201)
            #expect(try await client.send(.GET, "/v2/c/d/blobs/\(digest)").body == noise(1000))
        }
    }

    @Test func `a blob that is damaged in the store is sent again`() async throws {
        try await run { store, client in
            let digest = try store.add(noise(1000))
            try FileSystem.remove(store.path(of: digest))
            try FileSystem.write(noise(999) + [0], to: store.path(of: digest))
            for source in ["", "&from=a/b"] {
                let answer = try await client.send(.POST, "/v2/a/b/blobs/uploads/?mount=\(digest)\(source)")
                #expect(answer.status == 202)
            }
        }
    }

    @Test func `a pushed blob is in the store, and neither side takes it from the other`() async throws {
        try await run { store, client in
            let digest = Digest(of: noise(1000))
            let descriptor = Descriptor(mediaType: .layerTar, digest: digest, size: 1000)
            try await client.push(noise(1000))
            #expect(try store.readDocument(descriptor) == noise(1000))
            #expect(try await client.send(.DELETE, "/v2/a/b/blobs/\(digest)").status == 202)
            #expect(try store.readDocument(descriptor) == noise(1000))
            try await client.push(noise(1000))
            try FileSystem.remove(store.path(of: digest))
            #expect(try await client.send(.GET, "/v2/a/b/blobs/\(digest)").body == noise(1000))
        }
    }
}
