import NIOCore
import NIOHTTP1
import OCIContent
import OCIModel
import OCIRegistry
import Testing

/// Tests of the fault matrix's rows that break a blob's download.
@Suite struct FaultMatrixDownloadTests {
    private let registry = FakeRegistry()
    private let blob = noise(5000)

    private func repository(holding blobs: [[UInt8]]) -> RegistryRepository {
        var content = FakeRegistry.Repository()
        for blob in blobs { content.blobs[Digest(of: blob)] = blob }
        registry.put("test/image", content)
        return RegistryRepository("test/image", over: registry, settings: .small)
    }

    private func read(_ blob: Descriptor, from offset: Int64 = 0, of source: any ContentSource) async throws -> [UInt8]
    {
        try await source.withBlob(blob, from: offset) { body in
            guard case .stream(let pieces) = body else { return [] }
            var bytes: [UInt8] = []
            for try await piece in pieces { bytes.append(contentsOf: piece.readableBytesView) }
            return bytes
        }
    }

    @Test func `row 11: a body that ends early is continued from there`() async throws {
        let source = repository(holding: [blob])
        registry.fail(.GET, "/blobs/", .truncateAnswer(after: 2000))
        registry.fail(.GET, "/blobs/", .breakAnswer(after: 1000))
        #expect(try await read(Descriptor(of: blob), of: source) == blob)
        #expect(
            registry.log.map { $0.headers.first(name: "range") } == [nil, "bytes=2000-4999", "bytes=3000-4999"])
    }

    @Test func `row 11: a body that makes no progress is given up`() async throws {
        let source = repository(holding: [blob])
        registry.fail(.GET, "/blobs/", .truncateAnswer(after: 0), times: .max)
        let error = await #expect(throws: OCIRegistryError.self) { try await read(Descriptor(of: blob), of: source) }
        #expect(error?.code == .interrupted)
        #expect(registry.log.count < 10)
    }

    @Test func `row 15: bytes corrupted once are fetched once more`() async throws {
        let small = noise(700)
        let source = repository(holding: [small])
        registry.fail(.GET, "/blobs/", .flipByte(at: 300))
        #expect(try await read(Descriptor(of: small), of: source) == small)
        #expect(registry.log.count == 2)
    }

    @Test func `row 15: bytes corrupted twice are an error, and are never passed on whole`() async throws {
        let source = repository(holding: [blob])
        registry.fail(.GET, "/blobs/", .flipByte(at: 300), times: .max)
        let seen = Events()
        let error = await #expect(throws: OCIRegistryError.self) {
            try await source.withBlob(Descriptor(of: blob), from: 0) { body in
                guard case .stream(let pieces) = body else { return }
                for try await piece in pieces { seen.add(.moved(Digest(of: []), Int64(piece.readableBytes))) }
            }
        }
        #expect(error?.code == .corrupt)
        #expect(seen.moved < 5000)
    }

    @Test func `row 15: a copy succeeds if bytes are corrupted once, and fails without a blob if always`()
        async throws
    {
        let source = repository(holding: [blob])
        let target = FakeRegistry(host: "target.test")
        let destination = RegistryRepository("copy", over: target, settings: .small)
        registry.fail(.GET, "/blobs/", .flipByte(at: 300))
        try await destination.putBlob(Descriptor(of: blob), from: source)
        #expect(target.repositories["copy"]?.blobs[Digest(of: blob)] == blob)

        registry.fail(.GET, "/blobs/", .flipByte(at: 300), times: .max)
        let other = RegistryRepository("other", over: target, settings: .small)
        let error = await #expect(throws: OCIRegistryError.self) {
            try await other.putBlob(Descriptor(of: blob), from: source)
        }
        #expect(error?.code == .corrupt)
        #expect(target.repositories["other"] == nil)
        #expect(target.openSessions == 0)
    }

    @Test func `row 16: 200 to a Range request, whose beginning is skipped`() async throws {
        let source = repository(holding: [blob])
        registry.quirk { $0.ignoresRange = true }
        registry.fail(.GET, "/blobs/", .truncateAnswer(after: 2000))
        #expect(try await read(Descriptor(of: blob), of: source) == blob)
    }

    @Test func `row 17: 206 with another range is noticed, and the blob is read from its beginning`() async throws {
        let source = repository(holding: [blob])
        registry.quirk { $0.wrongRange = true }
        registry.fail(.GET, "/blobs/", .truncateAnswer(after: 2000))
        #expect(try await read(Descriptor(of: blob), of: source) == blob)
        #expect(registry.log.last?.headers.first(name: "range") == nil)
    }

    @Test func `row 25: the addresses of foreign layers are never contacted`() async throws {
        let source = repository(holding: [])
        var layer = Descriptor(of: blob)
        layer.urls = ["http://169.254.169.254/latest/meta-data"]
        let error = await #expect(throws: OCIRegistryError.self) { try await read(layer, of: source) }
        #expect(error?.code == .notFound)
        #expect(registry.log.map(\.target) == ["/v2/test/image/blobs/\(layer.digest)"])
    }

    @Test func `row 50: a blob longer than its size is refused`() async throws {
        let source = repository(holding: [])
        registry.fail(.GET, "/blobs/", .body(blob + [1], type: "application/octet-stream"))
        let error = await #expect(throws: OCIRegistryError.self) { try await read(Descriptor(of: blob), of: source) }
        #expect(error?.code == .corrupt)
    }

    @Test func `a body that is longer than the blob is abandoned at once`() async throws {
        let source = repository(holding: [blob])
        registry.fail(.GET, "/blobs/", .body(blob + blob, type: "application/octet-stream"), times: .max)
        let error = await #expect(throws: OCIRegistryError.self) { try await read(Descriptor(of: blob), of: source) }
        #expect(error?.code == .corrupt)
        #expect(error?.message.contains("more than its 5000 bytes") == true, "\(error?.message ?? "")")
    }

    @Test func `a length other than the blob's is refused before the body`() async throws {
        let source = repository(holding: [blob])
        registry.fail(.GET, "/blobs/", .header("Content-Length", "4999"), times: .max)
        let error = await #expect(throws: OCIRegistryError.self) { try await read(Descriptor(of: blob), of: source) }
        #expect(error?.message.contains("4999 bytes instead of 5000") == true, "\(error?.message ?? "")")
    }

    @Test func `row 15: a mirror with wrong bytes twice is given up for the repository`() async throws {
        let small = noise(700)
        let mirror = FakeRegistry(host: "mirror.test")
        mirror.put("test/image", .init(blobs: [Digest(of: small): small]))
        mirror.fail(.GET, "/blobs/", .flipByte(at: 300), times: .max)
        let source = MirroredSource(
            repository(holding: [small]), mirrors: [RegistryRepository("test/image", over: mirror, settings: .small)])
        #expect(try await read(Descriptor(of: small), of: source) == small)
        #expect(mirror.log.count == 2)
    }

    @Test func `row 11: a body that keeps breaking is given up, even if it makes small progress`() async throws {
        var source = repository(holding: [blob])
        source.settings.downloadAttempts = 20
        registry.fail(.GET, "/blobs/", .breakAnswer(after: 10), times: .max)
        let error = await #expect(throws: OCIRegistryError.self) { try await read(Descriptor(of: blob), of: source) }
        #expect(error?.code == .interrupted)
        #expect(registry.log.count == 21)
    }

    @Test func `a blob is read from an offset`() async throws {
        let source = repository(holding: [blob])
        #expect(try await read(Descriptor(of: blob), from: 4321, of: source) == Array(blob[4321...]))
        #expect(try await read(Descriptor(of: blob), from: 5000, of: source) == [])
        #expect(registry.log.count == 1)
    }

    @Test func `a consumer that stops reading ends the download`() async throws {
        let source = repository(holding: [noise(3 << 20)])
        let first = try await source.withBlob(Descriptor(of: noise(3 << 20)), from: 0) { body in
            guard case .stream(let pieces) = body else { return 0 }
            for try await piece in pieces { return piece.readableBytes }
            return 0
        }
        #expect(first == 1000)
    }

    @Test func `mirrors are asked first, and the repository for the rest`() async throws {
        let (first, second) = (blob, noise(5000, seed: 2))
        let mirror = FakeRegistry(host: "mirror.test")
        mirror.put("test/image", .init(blobs: [Digest(of: first): first]))
        var settings = RepositorySettings.small
        settings.downloadFailures = 0
        let source = MirroredSource(
            repository(holding: [first, second]),
            mirrors: [RegistryRepository("test/image", over: mirror, settings: settings)])
        // What came from the mirror before it broke is not fetched again, but for the piece that it held back.
        mirror.fail(.GET, "/blobs/", .breakAnswer(after: 2000))
        #expect(try await read(Descriptor(of: first), of: source) == first)
        #expect(try await read(Descriptor(of: second), of: source) == second)
        #expect(registry.log.map { $0.headers.first(name: "range") } == ["bytes=1000-4999", nil])
        #expect(try await read(Descriptor(of: first), of: source) == first)
        #expect(registry.log.count == 2)
    }
}
