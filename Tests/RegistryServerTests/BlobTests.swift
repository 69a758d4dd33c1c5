import DurableFiles
import NIOHTTP1
import OCIContent
import OCIModel
import RegistryServer
import RegistryTesting
import SystemPackage
import TestSupport
import Testing

@Suite struct BlobTests {
    private let blob = noise(2000)
    private var digest: Digest { Digest(of: blob) }

    @Test(arguments: [
        ("bytes=0-0", 0..<1), ("bytes=500-1499", 500..<1500), ("bytes=1999-", 1999..<2000), ("bytes=-10", 1990..<2000),
        ("bytes=1000-9999", 1000..<2000), ("bytes=-9999", 0..<2000),
    ])
    func `a range request returns its bytes`(range: String, expected: Range<Int>) async throws {
        try await TestRegistry.run { registry in
            let client = RegistryClient(registry)
            try await client.push(blob)
            let answer = try await client.send(.GET, "/v2/a/b/blobs/\(digest)", ["Range": range])
            #expect(answer.status == 206 && answer.body == Array(blob[expected]))
            #expect(answer["Content-Range"] == "bytes \(expected.lowerBound)-\(expected.upperBound - 1)/2000")
        }
    }

    @Test func `an unsatisfiable range is refused; an invalid one returns the whole blob`() async throws {
        try await TestRegistry.run { registry in
            let client = RegistryClient(registry)
            try await client.push(blob)
            for range in ["bytes=2000-", "bytes=5-4", "bytes=-0"] {
                let answer = try await client.send(.GET, "/v2/a/b/blobs/\(digest)", ["Range": range])
                #expect(answer.status == 416 && answer["Content-Range"] == "bytes */2000")
            }
            for range in ["bytes=a-b", "lines=1-2", "bytes=0-1,4-5", "bytes=-", "bytes=--5"] {
                let answer = try await client.send(.GET, "/v2/a/b/blobs/\(digest)", ["Range": range])
                #expect(answer.status == 200 && answer.body == blob, "\(range)")
            }
        }
    }

    @Test(arguments: [1000, 1 << 20, 3_500_000])
    func `a blob that changed on disk is never sent whole`(size: Int) async throws {
        try await TestRegistry.run { registry in
            let client = RegistryClient(registry)
            let (bytes, path) = (noise(size), registry.folder.appending("registry/repositories/a/b/_blobs/sha256"))
            let digest = try await client.push(bytes)
            #expect(try await client.send(.GET, "/v2/a/b/blobs/\(digest)").body == bytes)
            var changed = bytes
            changed[size / 2] ^= 1
            try FileSystem.write(changed, to: path.appending(digest.hex))
            let whole = try? await client.send(.GET, "/v2/a/b/blobs/\(digest)").body.count
            #expect(whole == nil)
            #expect(registry.wire.requests(.blob).last.map { $0.bytesOut < size } == true)
            // Clients push what is missing.
            #expect(try await client.send(.HEAD, "/v2/a/b/blobs/\(digest)").status == 404)
            #expect(try await client.send(.GET, "/v2/a/b/blobs/\(digest)").errors == ["BLOB_UNKNOWN"])

            try FileSystem.write([], to: path.appending(digest.hex))
            #expect(try await client.send(.GET, "/v2/a/b/blobs/\(digest)").status == 500)
        }
    }

    @Test func `a blob is mounted from a repository that has it, named or not, and from no other`() async throws {
        try await TestRegistry.run { registry in
            let client = RegistryClient(registry)
            try await client.push(blob, to: "source")
            func mount(_ target: String, _ query: String) async throws -> UInt {
                try await client.send(.POST, "/v2/\(target)/blobs/uploads/?mount=\(digest)\(query)").status
            }
            #expect(try await mount("one", "&from=source") == 201)
            #expect(try await mount("two", "&from=nowhere") == 202)
            #expect(try await mount("two", "&from=../source") == 202)
            #expect(try await client.send(.HEAD, "/v2/two/blobs/\(digest)").status == 404)
            #expect(try await mount("two", "") == 201)
            #expect(try await client.send(.GET, "/v2/two/blobs/\(digest)").body == blob)
            #expect(registry.wire.uploaded == Int64(blob.count))
        }
    }

    @Test func `removing a blob leaves other repositories' copies; the last removal frees the disk`()
        async throws
    {
        try await TestRegistry.run { registry in
            let client = RegistryClient(registry)
            try await client.push(blob, to: "one")
            try await client.push(blob, to: "two")
            #expect(try await client.send(.DELETE, "/v2/one/blobs/\(digest)").status == 202)
            #expect(try await client.send(.GET, "/v2/one/blobs/\(digest)").errors == ["BLOB_UNKNOWN"])
            #expect(try await client.send(.GET, "/v2/two/blobs/\(digest)").body == blob)
            #expect(try await client.send(.DELETE, "/v2/two/blobs/\(digest)").status == 202)
            let mount = try await client.send(.POST, "/v2/one/blobs/uploads/?mount=\(digest)")
            #expect(mount.status == 202)
        }
    }

    @Test func `many clients push and remove one blob at once, and those that have it can read it`() async throws {
        try await TestRegistry.run { registry in
            let client = RegistryClient(registry)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<8 {
                    group.addTask {
                        for _ in 0..<10 {
                            try await client.push(blob, to: "repository\(number)")
                            let answer = try await client.send(.GET, "/v2/repository\(number)/blobs/\(digest)")
                            #expect(answer.status == 200 && answer.body == blob)
                            let removed = try await client.send(.DELETE, "/v2/repository\(number)/blobs/\(digest)")
                            #expect(removed.status == 202)
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
    }
}
