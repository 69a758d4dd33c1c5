import DurableFiles
import Foundation
import NIOHTTP1
import OCIContent
import OCIModel
import OCIRegistry
import Synchronization
import SystemPackage
import Testing

/// Tests of uploads of a run that died.
@Suite struct UploadJournalTests {
    private let registry = FakeRegistry()
    private let blob = noise(20_000)

    private func withFolder(_ body: (FilePath) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "imagebuild-test-\(UUID())")
        defer { try? FileManager.default.removeItem(at: folder) }
        try await body(FilePath(folder.path))
    }

    private func repository(_ folder: FilePath, now: Int64 = 1000) -> RegistryRepository {
        var repository = RegistryRepository("test/image", over: registry, settings: .small)
        repository.journal = UploadJournal(folder: folder) { now }
        return repository
    }

    /// Simulates a run that dies with the third chunk.
    private func die(_ folder: FilePath) async throws {
        for _ in 0..<2 { registry.fail(.PATCH, "/blobs/uploads/", .header("x", "y")) }
        registry.fail(.PATCH, "/blobs/uploads/", .reset, times: .max)
        await #expect(throws: OCIRegistryError.self) {
            try await repository(folder).putBlob(Descriptor(of: blob), from: MemorySource([blob]))
        }
        registry.state.withLock { $0.faults = [] }
    }

    @Test func `a later run continues the session and sends no byte again`() async throws {
        try await withFolder { folder in
            try await die(folder)
            #expect(try FileSystem.names(in: folder).count == 1)
            try await repository(folder, now: 2000).putBlob(Descriptor(of: blob), from: MemorySource([blob]))
            #expect(registry.received == 20_000)
            #expect(registry.repositories["test/image"]?.blobs[Digest(of: blob)] == blob)
            #expect(try FileSystem.names(in: folder) == [])
        }
    }

    @Test func `a session that the registry forgot is started again`() async throws {
        try await withFolder { folder in
            try await die(folder)
            registry.state.withLock { $0.sessions = [:] }
            try await repository(folder).putBlob(Descriptor(of: blob), from: MemorySource([blob]))
            #expect(registry.repositories["test/image"]?.blobs[Digest(of: blob)] == blob)
        }
    }

    @Test func `a blob that was committed meanwhile is not sent`() async throws {
        try await withFolder { folder in
            try await die(folder)
            registry.put("test/image", .init(blobs: [Digest(of: blob): blob]))
            let before = registry.received
            try await repository(folder).putBlob(Descriptor(of: blob), from: MemorySource([blob]))
            #expect(registry.received == before)
            #expect(try FileSystem.names(in: folder) == [])
        }
    }

    @Test func `entries that are older than a day, from the future or torn are dropped`() async throws {
        for now in [1000 + 86_401, 1000 - 86_401] as [Int64] {
            try await withFolder { folder in
                try await die(folder)
                _ = repository(folder, now: now)
                #expect(try FileSystem.names(in: folder) == [])
            }
        }
        try await withFolder { folder in
            try await die(folder)
            let name = try #require(try FileSystem.names(in: folder).first)
            try FileSystem.write(Array("{".utf8), to: folder.appending(name))
            try await repository(folder).putBlob(Descriptor(of: blob), from: MemorySource([blob]))
            #expect(registry.repositories["test/image"]?.blobs[Digest(of: blob)] == blob)
        }
    }

    @Test func `an entry for another blob is not continued`() async throws {
        try await withFolder { folder in
            try await die(folder)
            let name = try #require(try FileSystem.names(in: folder).first)
            let other = noise(20_000, seed: 9)
            let text = "\(registry.host)\ntest/image\n\(Digest(of: other))"
            try FileSystem.rename(folder.appending(name), to: folder.appending(Digest(of: text.utf8).hex))
            let asked = registry.count(.GET, "/blobs/uploads/")
            try await repository(folder).putBlob(Descriptor(of: other), from: MemorySource([other]))
            #expect(registry.count(.GET, "/blobs/uploads/") == asked)
        }
    }

    @Test func `a session's address is readable only by its owner`() async throws {
        try await withFolder { folder in
            try await die(folder)
            let name = try #require(try FileSystem.names(in: folder).first)
            let attributes = try FileManager.default.attributesOfItem(atPath: folder.appending(name).string)
            #expect(attributes[.posixPermissions] as? Int == 0o600)
        }
    }

    @Test func `small blobs are not recorded`() async throws {
        try await withFolder { folder in
            registry.fail(.PUT, "/blobs/uploads/", .reset, times: .max)
            let small = noise(3000)
            await #expect(throws: OCIRegistryError.self) {
                try await repository(folder).putBlob(Descriptor(of: small), from: MemorySource([small]))
            }
            let names = try FileSystem.names(in: folder)
            #expect(names == [])
        }
    }
}
