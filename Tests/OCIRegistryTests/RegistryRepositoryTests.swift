import NIOHTTP1
import OCIContent
import OCIModel
import OCIRegistry
import Scheduling
import TestSupport
import Testing

/// Tests of whole pushes and copies, counted in requests.
@Suite struct RegistryRepositoryTests {
    private let registry = FakeRegistry()

    private func repository(_ name: RepositoryName = "test/image") -> RegistryRepository {
        RegistryRepository(name, over: registry, settings: .small)
    }

    private func push(_ image: FakeImage, to destination: RegistryRepository, as tag: String) async throws {
        try await copy(image.root, from: image.source, to: destination, tag: tag)
    }

    @Test func `the first push of an image for three platforms needs no more than 26 requests`() async throws {
        let image = try FakeImage(platforms: 3, layers: 2, size: 2000)
        try await push(image, to: repository(), as: "1")
        #expect(registry.log.count <= 26, "\(registry.log)")
        #expect(registry.repositories["test/image"]?.tags["1"] == image.root.digest)
        #expect(registry.repositories["test/image"]?.blobs.count == 9)
        #expect(registry.openSessions == 0)
    }

    @Test func `a first push into a repository that has other images needs no more than 31 requests`() async throws {
        registry.put("test/image", .init(tags: ["0": Digest(of: [])]))
        let image = try FakeImage(platforms: 3, layers: 2, size: 2000)
        try await push(image, to: repository(), as: "1")
        #expect(registry.log.count <= 31, "\(registry.log)")
    }

    @Test func `a push of an existing image is one request`() async throws {
        let image = try FakeImage(platforms: 3, layers: 2, size: 2000)
        registry.put("test/image", image.repository(tag: "1"))
        try await push(image, to: repository(), as: "1")
        #expect(registry.log.map(\.description) == ["HEAD /v2/test/image/manifests/1 200"])
    }

    @Test func `an existing blob is not sent, whatever its size`() async throws {
        let image = try FakeImage(platforms: 1, layers: 3, size: 2000)
        registry.put("test/image", image.repository(tag: "old"))
        try await push(image, to: repository(), as: "new")
        #expect(registry.received == 0)
        #expect(registry.openSessions == 0)
    }

    @Test func `a blob of several platforms is sent once, however many copies need it at once`() async throws {
        let blob = noise(3000)
        let (destination, source) = (repository(), MemorySource([blob]))
        _ = try await mapConcurrently(Array(0..<6), limit: 6) { _ in
            try await destination.putBlob(Descriptor(of: blob), from: source)
        }
        #expect(registry.count(.PUT) == 1)
        #expect(registry.received == 3000)
    }

    @Test func `a copy within one registry moves no bytes and needs no more than 15 requests for 6 blobs`() async throws
    {
        let image = try FakeImage(platforms: 1, layers: 5, size: 2000)
        registry.put("from/here", image.repository(tag: "1"))
        let memory = RegistryMemory(host: registry.host)
        let source = RegistryRepository("from/here", over: registry, memory: memory, settings: .small)
        let destination = RegistryRepository("to/there", over: registry, memory: memory, settings: .small)
        let root = try await source.resolve("1")
        try await copy(root, from: source, to: destination, tag: "1")
        #expect(registry.log.count <= 15, "\(registry.log)")
        #expect(registry.received == 0)
        #expect(registry.count(.GET, "/blobs/") == 0)
        #expect(registry.repositories["to/there"]?.blobs.count == 6)
        #expect(registry.log.contains { $0.scopes == ["repository:to/there:pull,push", "repository:from/here:pull"] })
    }

    @Test func `a copy of 5 blobs between registries needs no more than 21 requests on both sides`() async throws {
        let image = try FakeImage(platforms: 1, layers: 4, size: 20_000)
        let origin = FakeRegistry(host: "origin.test")
        origin.put("from/here", image.repository(tag: "1"))
        let source = RegistryRepository("from/here", over: origin, settings: .small)
        // One manifest and its blobs, as for an image of one platform.
        let root = try #require(try CanonicalJSON.decode(Index.self, from: image.index).manifests.first)
        var settings = RepositorySettings()
        settings.upload.smallLimit = 100
        let destination = RegistryRepository("to/there", over: registry, settings: settings)
        _ = try await destination.current("1")
        let bytes = try await source.document(root)
        let manifest = try CanonicalJSON.decode(Manifest.self, from: bytes)
        for blob in manifest.layers + [manifest.config] { try await destination.putBlob(blob, from: source) }
        try await destination.tag(bytes, as: root, named: "1")
        #expect(registry.log.count + origin.log.count <= 21, "\(registry.log) \(origin.log)")
        #expect(registry.repositories["to/there"]?.tags["1"] == root.digest)
    }

    @Test func `a repository behind two wrappers is mounted from all the same`() async throws {
        struct Wrapped: WrappedSource { var base: any ContentSource }
        let blob = noise(3000)
        registry.put("from/here", .init(blobs: [Digest(of: blob): blob]))
        let source = RegistryRepository("from/here", over: registry, settings: .small)
        let wrapped = Wrapped(base: MirroredSource(source, mirrors: [MemorySource([])]))
        #expect(wrapped.repository == source.repository && wrapped.holds(Descriptor(of: blob)) == nil)
        let destination = RegistryRepository("to/there", over: registry, settings: .small)
        #expect(try await destination.forecast(Descriptor(of: blob), from: wrapped) == .mounted)
        try await destination.putBlob(Descriptor(of: blob), from: wrapped)
        #expect(registry.received == 0)
        #expect(registry.repositories["to/there"]?.blobs.count == 1)
    }

    @Test func `blobs that were pushed to one repository are mounted into the next`() async throws {
        let blob = noise(3000)
        let memory = RegistryMemory(host: registry.host)
        for name: RepositoryName in ["a", "b"] {
            let destination = RegistryRepository(name, over: registry, memory: memory, settings: .small)
            try await destination.putBlob(Descriptor(of: blob), from: MemorySource([blob]))
        }
        #expect(registry.received == 3000)
        #expect(registry.repositories["b"]?.blobs.count == 1)
    }

    @Test func `a forecast reports what is present, mountable or to be sent, and changes nothing`()
        async throws
    {
        let blobs = (1...3).map { noise(3000, seed: $0) }
        registry.put("test/image", .init(blobs: [Digest(of: blobs[0]): blobs[0]]))
        let memory = RegistryMemory(host: registry.host)
        let destination = RegistryRepository("test/image", over: registry, memory: memory)
        let other = RegistryRepository("other", over: registry, memory: memory)
        try await other.putBlob(Descriptor(of: blobs[1]), from: MemorySource([blobs[1]]))
        let before = registry.log.count
        var found: [TransferEvent.Arrival] = []
        for blob in blobs { found.append(try await destination.forecast(Descriptor(of: blob), from: MemorySource([]))) }
        #expect(found == [.present, .mounted, .sent])
        #expect(registry.log.dropFirst(before).allSatisfy { $0.method == .HEAD })
    }

    @Test func `a transfer reports every byte once, even those that were sent twice`() async throws {
        let blob = noise(3000)
        registry.fail(.PUT, "/blobs/uploads/", .breakRequest(after: 2000))
        registry.quirk { $0.keepsBrokenBodies = false }
        let events = Events()
        var destination = repository()
        destination.report = { events.add($0) }
        try await destination.putBlob(Descriptor(of: blob), from: MemorySource([blob]))
        #expect(events.moved == 3000)
        #expect(events.all.first == .started(Descriptor(of: blob)))
        #expect(events.all.last == .arrived(Descriptor(of: blob), .sent))
    }

    @Test func `a document is put by digest before its tag is set`() async throws {
        let image = try FakeImage(platforms: 1, layers: 1, size: 200)
        try await repository().tag(image.index, as: image.root, named: "1")
        #expect(
            registry.log.map(\.description) == [
                "PUT /v2/test/image/manifests/\(image.root.digest)?tag=1 201", "PUT /v2/test/image/manifests/1 201",
            ])
    }
}
