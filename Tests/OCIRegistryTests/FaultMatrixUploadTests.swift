import NIOHTTP1
import OCIContent
import OCIModel
import OCIRegistry
import Testing

/// Tests of the fault matrix's rows that break a blob's upload.
@Suite struct FaultMatrixUploadTests {
    private let registry = FakeRegistry()
    private let memory = RegistryMemory(host: "registry.test")

    private func push(_ blob: [UInt8], from source: MemorySource? = nil) async throws {
        let destination = RegistryRepository("test/image", over: registry, memory: memory, settings: .small)
        try await destination.putBlob(Descriptor(of: blob), from: source ?? MemorySource([blob]))
        #expect(registry.repositories["test/image"]?.blobs[Digest(of: blob)] == blob)
        #expect(registry.openSessions == 0, "sessions are left open")
    }

    @Test func `row 1: a reset during an upload of which nothing was kept`() async throws {
        registry.fail(.PUT, "/blobs/uploads/", .reset)
        try await push(noise(3000))
        registry.quirk { $0.keepsBrokenBodies = false }
        registry.fail(.PUT, "/blobs/uploads/", .breakRequest(after: 1500))
        try await push(noise(3000, seed: 2))
    }

    @Test(arguments: [3000, 20_000])
    func `row 2: a reset after half was kept sends no byte twice`(size: Int) async throws {
        registry.fail(size > 8000 ? .PATCH : .PUT, "/blobs/uploads/", .breakRequest(after: 2000))
        try await push(noise(size))
        #expect(registry.received == size)
    }

    @Test(arguments: [HTTPMethod.POST, .PUT, .PATCH])
    func `row 3: one 500 in an upload`(method: HTTPMethod) async throws {
        registry.fail(method, "/blobs/uploads/", .status(500))
        try await push(noise(9000))
    }

    @Test func `row 8: 429 to a request with a body, which is sent again`() async throws {
        registry.fail(.PUT, "/blobs/uploads/", .status(429))
        try await push(noise(3000))
    }

    @Test func `row 9: 500 to HEAD of a blob`() async throws {
        registry.fail(.HEAD, "/blobs/", .status(500))
        try await push(noise(3000))
        registry.fail(.HEAD, "/blobs/", .status(500), times: 3)
        try await push(noise(3000, seed: 2))
    }

    @Test(arguments: [403, 405] as [UInt])
    func `row 10: HEAD answers 403 or 405`(status: UInt) async throws {
        registry.put("test/image", .init(tags: ["1": Digest(of: [])]))
        registry.quirk { $0.headStatus = status }
        try await push(noise(3000))
    }

    @Test func `row 37: PATCH answers 416, and the upload continues from the server's offset`() async throws {
        registry.fail(.PATCH, "/blobs/uploads/", .loseAnswer)
        registry.fail(.GET, "/blobs/uploads/", .status(503))
        try await push(noise(20_000))
        #expect(registry.received < 20_000 + 4000 + 1)
    }

    @Test func `row 37: after 416 the session is asked for its offset`() async throws {
        registry.fail(.PATCH, "/blobs/uploads/", .status(416))
        try await push(noise(20_000))
        #expect(registry.count(.GET, "/blobs/uploads/") == 1)
    }

    @Test func `row 38: a session that reports 0-0 is not continued`() async throws {
        registry.fail(.PUT, "/blobs/uploads/", .reset)
        try await push(noise(3000))
        #expect(registry.count(.DELETE) == 1)
        #expect(registry.count(.POST) == 2)
    }

    @Test func `row 39: a session that vanished is replaced by a new one`() async throws {
        registry.quirk { $0.sessionsVanishOnFailure = true }
        registry.fail(.PATCH, "/blobs/uploads/", .breakRequest(after: 1000))
        try await push(noise(20_000))
        registry.fail(.PATCH, "/blobs/uploads/", .status(404))
        try await push(noise(20_000, seed: 2))
    }

    @Test(arguments: [201, 204] as [UInt])
    func `row 40: PATCH answers 201 or 204`(status: UInt) async throws {
        registry.quirk { $0.patchStatus = status }
        try await push(noise(20_000))
        #expect(registry.count(.PATCH) == 5)
    }

    @Test func `row 40: blobs are sent whole once Range has stopped advancing`() async throws {
        registry.quirk { $0.rangeStopsAt = 4000 }
        try await push(noise(20_000))
        try await push(noise(20_000, seed: 2))
        #expect(registry.count(.PATCH) == 2)
    }

    @Test func `row 41: a minimum chunk size of 10 GB is capped, and nothing is allocated for it`() async throws {
        registry.quirk { $0.chunkMinimum = "10000000000" }
        try await push(noise(20_000))
        #expect(registry.count(.PATCH) == 1)
        var settings = UploadSettings()
        settings.wholeLimit = 1
        var upload = Upload(
            Descriptor(mediaType: .layerTar, digest: Digest(of: []), size: 1 << 40), to: "x", facts: .init(),
            settings: settings)
        var head = Upload.Head()
        (head.location, head.minimumChunk) = ("s", 10_000_000_000)
        for answer in [Upload.Answer.answered(404, .init()), .answered(202, head)] { upload.take(answer) }
        #expect(upload.bytesToSend == 0..<1 << 30)
    }

    @Test func `row 42: blobs are sent whole once a second chunk has overwritten the first`() async throws {
        registry.quirk { $0.laterChunksOverwrite = true }
        try await push(noise(20_000))
        let before = registry.count(.PATCH)
        try await push(noise(20_000, seed: 2))
        #expect(registry.count(.PATCH) == before)
    }

    @Test(arguments: [202, 401, 404, 500] as [UInt])
    func `row 43: a refused mount costs at most one more request`(status: UInt) async throws {
        registry.quirk {
            $0.honoursMounts = false
            $0.mountRefusal = status
        }
        registry.put("test/image", .init(tags: ["1": Digest(of: [])]))
        let destination = RegistryRepository("test/image", over: registry, memory: memory, settings: .small)
        let blobs = [noise(3000), noise(3000, seed: 2)]
        let source = MemorySource(blobs, repository: RepositoryAddress(host: registry.host, name: "other"))
        for blob in blobs { try await destination.putBlob(Descriptor(of: blob), from: source) }
        // Without mounting it would be HEAD, POST and PUT for each, and one request about the repository.
        #expect(registry.log.count <= 2 * 3 + 2, "\(registry.log)")
        #expect(registry.repositories["test/image"]?.blobs.count == 2)
        #expect(registry.openSessions == 0)
    }

    @Test(arguments: [3000, 20_000])
    func `row 44: an upload that was committed while its answer was lost is found, and not sent again`(
        size: Int
    ) async throws {
        registry.fail(.PUT, "/blobs/uploads/", .loseAnswer)
        try await push(noise(size))
        #expect(registry.received == size)
    }

    @Test func `an upload that keeps failing ends, and says where and why`() async throws {
        registry.fail(.PUT, "/blobs/uploads/", .reset, times: .max)
        let error = await #expect(throws: OCIRegistryError.self) { try await push(noise(3000)) }
        #expect(error?.message.contains("registry.test/test/image") == true)
        #expect(registry.log.count < 40)
    }

    @Test func `a registry without chunks receives blobs whole`() async throws {
        registry.quirk { $0.takesChunks = false }
        try await push(noise(20_000))
        #expect(registry.count(.PATCH) == 1)
    }
}
