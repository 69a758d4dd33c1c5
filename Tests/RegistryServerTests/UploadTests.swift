import DurableFiles
import NIOCore
import NIOHTTP1
import OCIModel
import RegistryServer
import RegistryTesting
import SystemPackage
import TestSupport
import Testing

@Suite struct UploadTests {
    private let blob = noise(300_000)
    private var digest: Digest { Digest(of: blob) }

    @Test func `a blob comes back as it was pushed, with either algorithm, even if only the last request names it`()
        async throws
    {
        try await TestRegistry.run { registry in
            let client = RegistryClient(registry)
            for algorithm in Digest.Algorithm.allCases {
                let digest = try await client.push(blob, by: algorithm)
                let answer = try await client.send(.GET, "/v2/a/b/blobs/\(digest)")
                #expect(answer.status == 200 && answer.body == blob)
                #expect(answer["Docker-Content-Digest"] == digest.description)
                let head = try await client.send(.HEAD, "/v2/a/b/blobs/\(digest)")
                #expect(head.status == 200 && head["Content-Length"] == "300000" && head.body.isEmpty)
            }
        }
    }

    @Test func `a blob whose algorithm is named at the start is not read again`() async throws {
        try await TestRegistry.run { registry in
            let client = RegistryClient(registry)
            let begun = try await client.send(.POST, "/v2/a/b/blobs/uploads/?digest-algorithm=sha512")
            let location = try #require(begun["Location"])
            let digest = Digest(of: blob, by: .sha512)
            #expect(try await client.send(.PUT, "\(location)?digest=\(digest)", body: blob).status == 201)
            let unknown = try await client.send(.POST, "/v2/a/b/blobs/uploads/?digest-algorithm=md5")
            #expect(unknown.status == 400 && unknown.errors == ["DIGEST_INVALID"])
        }
    }

    @Test func `one request is enough for a blob, even an empty one`() async throws {
        try await TestRegistry.run { registry in
            let client = RegistryClient(registry)
            for bytes in [blob, []] {
                let digest = Digest(of: bytes)
                let answer = try await client.send(.POST, "/v2/a/b/blobs/uploads/?digest=\(digest)", body: bytes)
                #expect(answer.status == 201 && answer["Location"] == "/v2/a/b/blobs/\(digest)")
                #expect(try await client.send(.GET, "/v2/a/b/blobs/\(digest)").body == bytes)
            }
        }
    }

    @Test func `bytes with another digest are refused, and none of them are kept`() async throws {
        try await TestRegistry.run { registry in
            let client = RegistryClient(registry)
            let location = try await client.begin()
            let answer = try await client.send(.PUT, "\(location)?digest=\(digest)", body: noise(10))
            #expect(answer.status == 400 && answer.errors == ["DIGEST_INVALID"])
            #expect(try await client.send(.GET, location).status == 404)
            #expect(try await client.send(.HEAD, "/v2/a/b/blobs/\(digest)").status == 404)
            let post = try await client.send(.POST, "/v2/a/b/blobs/uploads/?digest=\(digest)", body: noise(10))
            #expect(post.status == 400)
            #expect(try uploads(registry).isEmpty)
        }
    }

    @Test func `chunks must be contiguous; the answer to a wrong one states the upload's offset`() async throws {
        try await TestRegistry.run { registry in
            let client = RegistryClient(registry)
            let location = try await client.begin()
            func patch(_ range: Range<Int>) async throws -> RegistryClient.Answer {
                try await client.send(
                    .PATCH, location, ["Content-Range": "\(range.lowerBound)-\(range.upperBound - 1)"],
                    body: Array(blob[range]))
            }
            let first = try await patch(0..<100_000)
            #expect(first.status == 202 && first["Range"] == "0-99999" && first["Location"] == location)
            let wrong = try await patch(200_000..<300_000)
            #expect(wrong.status == 416 && wrong["Range"] == "0-99999" && wrong["Location"] == location)
            #expect(try await patch(0..<100_000).status == 416)
            let status = try await client.send(.GET, location)
            #expect(status.status == 204 && status["Range"] == "0-99999")
            #expect(try await patch(100_000..<200_000).status == 202)
            let last = try await client.send(
                .PUT, "\(location)?digest=\(digest)", ["Content-Range": "200000-299999"], body: Array(blob[200_000...]))
            #expect(last.status == 201)
            #expect(try await client.send(.GET, "/v2/a/b/blobs/\(digest)").body == blob)
        }
    }

    @Test func `a cancelled upload is gone`() async throws {
        try await TestRegistry.run { registry in
            let client = RegistryClient(registry)
            let location = try await client.begin()
            #expect(try await client.send(.PATCH, location, body: blob).status == 202)
            #expect(try await client.send(.DELETE, location).status == 204)
            #expect(try await client.send(.PATCH, location, body: blob).status == 404)
            #expect(try uploads(registry).isEmpty)
        }
    }

    @Test func `an upload belongs to its repository`() async throws {
        try await TestRegistry.run { registry in
            let client = RegistryClient(registry)
            let location = try await client.begin("a/b").replacing("/a/b/", with: "/c/d/")
            #expect(try await client.send(.GET, location).status == 404)
        }
    }

    @Test func `bytes that arrived before the connection broke are kept, and the upload continues from there`()
        async throws
    {
        try await TestRegistry.run { registry in
            let client = RegistryClient(registry)
            let location = try await client.begin()
            registry.faults.on(.uploadChunk, .resetRequest(after: 123_456))
            await #expect(throws: (any Error).self) { try await client.send(.PATCH, location, body: blob) }
            let status = try await client.send(.GET, location)
            #expect(status["Range"] == "0-123455")
            let rest = try await client.send(
                .PUT, "\(location)?digest=\(digest)", ["Content-Range": "123456-299999"], body: Array(blob[123_456...]))
            #expect(rest.status == 201)
            #expect(try await client.send(.GET, "/v2/a/b/blobs/\(digest)").body == blob)
        }
    }

    @Test func `a final request that breaks off is not taken for a wrong digest`() async throws {
        try await TestRegistry.run { registry in
            let client = RegistryClient(registry)
            let location = try await client.begin()
            registry.faults.on(.uploadFinish, .resetRequest(after: 1000))
            await #expect(throws: (any Error).self) {
                try await client.send(.PUT, "\(location)?digest=\(digest)", body: blob)
            }
            #expect(try await client.send(.GET, location)["Range"] == "0-999")
        }
    }

    @Test func `an upload continues in another process`() async throws {
        try await TestRegistry.run { registry in
            let client = RegistryClient(registry)
            let location = try await client.begin()
            _ = try await client.send(.PATCH, location, body: Array(blob[..<150_000]))
            let storage = try RegistryStorage(root: registry.storage.root)
            let other = try await RegistryServer.start(
                storage, RegistryConfiguration(now: { 1_800_000_000 }, random: { 1 }))
            let url = "http://\(other.host)\(location)"
            #expect(try await client.send(.GET, url)["Range"] == "0-149999")
            let last = try await client.send(.PUT, "\(url)?digest=\(digest)", body: Array(blob[150_000...]))
            #expect(last.status == 201)
            await other.stop()
            #expect(try await client.send(.GET, "/v2/a/b/blobs/\(digest)").body == blob)
        }
    }

    @Test func `the latest request takes over the upload`() async throws {
        try await TestRegistry.run { registry in
            let client = RegistryClient(registry)
            let location = try await client.begin()
            registry.faults.on(.uploadChunk, .stallRequest(after: 1000))
            let stalled = Task { try await client.send(.PATCH, location, body: blob) }
            try await until { registry.wire.requests(.uploadChunk).first?.bytesIn == 1000 }
            // Nothing of the stalled upload was written: the server waits for a full batch.
            let answer = try await client.send(.PUT, "\(location)?digest=\(digest)", body: blob)
            #expect(answer.status == 201)
            await registry.registry.stop()
            await #expect(throws: (any Error).self) { try await stalled.value }
        }
    }

    @Test func `unfinished uploads are limited in number and age`() async throws {
        try await TestRegistry.run(configure: { $0.limits.uploads.count = 2 }) { registry in
            let client = RegistryClient(registry)
            let first = try await client.begin()
            _ = try await client.begin()
            let third = try await client.send(.POST, "/v2/a/b/blobs/uploads/")
            #expect(third.status == 429 && third.errors == ["TOOMANYREQUESTS"])
            registry.clock.advance(by: 2 * 86400 + 1)
            _ = try await client.begin()
            #expect(try await client.send(.GET, first).status == 404)
        }
    }

    @Test(arguments: [false, true])
    func `uploads that were only begun make room for others, also after a restart`(isRestarted: Bool) async throws {
        let limit = 10
        try await TestRegistry.run(configure: { $0.limits.uploads.count = limit }) { registry in
            var client = RegistryClient(registry)
            for _ in 0..<limit { _ = try await client.begin() }
            let refused = try await client.send(.POST, "/v2/a/b/blobs/uploads/")
            #expect(refused.status == 429 && refused["Retry-After"] == "10")
            registry.clock.advance(by: 10)
            var configuration = RegistryConfiguration(now: { registry.clock.now }, random: { .random(in: 0 ... .max) })
            configuration.limits.uploads.count = limit
            let storage = try RegistryStorage(root: registry.storage.root)
            let other = try await RegistryServer.start(storage, configuration)
            if isRestarted { client = RegistryClient("http://\(other.host)") }
            for number in 0..<2 * limit { try await client.push(noise(100 + number)) }
            #expect(try uploads(registry).count < limit)
            await other.stop()
        }
    }

    @Test func `an address has only its share of the uploads; what is large is kept for long, what is small is not`()
        async throws
    {
        func configure(_ configuration: inout RegistryConfiguration) {
            (configuration.limits.uploads.countPerAddress, configuration.limits.uploads.smallSize) = (2, 1000)
        }
        try await TestRegistry.run(configure: configure) { registry in
            let client = RegistryClient(registry)
            let (large, small) = (try await client.begin(), try await client.begin())
            #expect(try await client.send(.PATCH, large, body: noise(1000)).status == 202)
            #expect(try await client.send(.PATCH, small, body: noise(999)).status == 202)
            #expect(try await client.send(.POST, "/v2/a/b/blobs/uploads/").status == 429)
            registry.clock.advance(by: 601)
            _ = try await client.begin()
            #expect(try await client.send(.GET, small).status == 404)
            #expect(try await client.send(.GET, large)["Range"] == "0-999")
        }
    }

    @Test func `an upload that no request writes to has no file open`() async throws {
        try await TestRegistry.run { registry in
            let client = RegistryClient(registry)
            func openFiles() throws -> Int {
                let uploads = registry.storage.root.appending("uploads").string
                return try FileSystem.names(in: "/proc/self/fd").count {
                    FileSystem.symbolicLinkTarget(FilePath("/proc/self/fd/\($0)"))?.string.hasPrefix(uploads) == true
                }
            }
            let location = try await client.begin()
            #expect(try openFiles() == 0)
            #expect(try await client.send(.PATCH, location, body: blob).status == 202)
            #expect(try openFiles() == 0)
        }
    }

    @Test func `a blob above the limit is refused before and while it is read`() async throws {
        try await TestRegistry.run(configure: { $0.limits.blob = 1000 }) { registry in
            let client = RegistryClient(registry)
            let location = try await client.begin()
            #expect(try await client.send(.PATCH, location, body: noise(1001)).status == 413)
            #expect(try await client.send(.PATCH, location, body: noise(1000)).status == 202)
            #expect(try await client.send(.PATCH, location, body: noise(1)).status == 413)
        }
    }

    private func uploads(_ registry: TestRegistry) throws -> [String] {
        try registry.storage.unfinishedUploads()
    }
}
