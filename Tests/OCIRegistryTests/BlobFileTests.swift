import DurableFiles
import Foundation
import NIOHTTP1
import OCIContent
import OCIModel
import OCIRegistry
import SystemPackage
import Testing

/// Tests of pushing blobs of a foreign layout to a registry: they are read once, and checked on the way.
@Suite struct BlobFileTests {
    private let registry = FakeRegistry()
    private let bytes = noise(1_500_001)
    private var blob: Descriptor { Descriptor(of: bytes) }

    /// Pushes a layout's blob whose bytes were replaced by these.
    private func push(
        _ content: [UInt8]? = nil, sealed: Bool = false, _ change: (inout UploadSettings) -> Void = { _ in }
    ) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "imagebuild-test-\(UUID())")
        defer { try? FileManager.default.removeItem(at: folder) }
        let layout = OCILayout(root: FilePath(folder.path))
        let path = layout.path(of: blob.digest)
        try FileSystem.makeDirectories(path.removingLastComponent())
        try FileSystem.write(content ?? bytes, to: path)
        if sealed {
            let moment = Date(timeIntervalSince1970: 1)
            try FileManager.default.setAttributes([.modificationDate: moment], ofItemAtPath: path.string)
        }
        var settings = RepositorySettings.small
        settings.upload.wholeLimit = 4_000_000
        settings.upload.chunk = 700_000
        change(&settings.upload)
        try await RegistryRepository("a", over: registry, settings: settings).putBlob(blob, from: layout)
    }

    private func flipped(at place: Int) -> [UInt8] {
        var bytes = bytes
        bytes[place] ^= 1
        return bytes
    }

    @Test(arguments: [4_000_000, 1000] as [Int64])
    func `a blob file arrives, whole or in chunks`(wholeLimit: Int64) async throws {
        try await push { $0.wholeLimit = wholeLimit }
        #expect(registry.repositories["a"]?.blobs[blob.digest] == bytes)
        #expect(registry.received == bytes.count)
    }

    @Test(arguments: [0, 800_000, 1_500_000], [4_000_000, 1000] as [Int64])
    func `a damaged blob file never arrives whole`(place: Int, wholeLimit: Int64) async throws {
        let error = await #expect(throws: OCIRegistryError.self) {
            try await push(flipped(at: place)) { $0.wholeLimit = wholeLimit }
        }
        #expect(error?.code == .corrupt)
        #expect(error?.message.contains("is damaged in") == true)
        // Sent at most twice, and never to its end.
        #expect(registry.received < 2 * bytes.count)
        #expect(registry.repositories["a"]?.blobs.isEmpty ?? true)
        #expect(registry.openSessions == 0)
    }

    @Test func `bytes sent before a break are checked with the rest`() async throws {
        registry.fail(.PUT, "/blobs/uploads/", .breakRequest(after: 600_000))
        try await push()
        #expect(registry.received == bytes.count)
        #expect(registry.repositories["a"]?.blobs[blob.digest] == bytes)
        for place in [10, 1_400_000] {
            registry.fail(.PUT, "/blobs/uploads/", .breakRequest(after: 600_000))
            registry.put("a", .init())
            await #expect(throws: OCIRegistryError.self) { try await push(flipped(at: place)) }
            #expect(registry.repositories["a"]?.blobs.isEmpty == true)
        }
    }

    @Test func `pieces that are sent again are not counted again`() async throws {
        registry.quirk { $0.keepsBrokenBodies = false }
        registry.fail(.PUT, "/blobs/uploads/", .breakRequest(after: 1_000_000))
        try await push()
        #expect(registry.repositories["a"]?.blobs[blob.digest] == bytes)
    }

    @Test func `a sealed blob is left to the registry's own check`() async throws {
        let error = await #expect(throws: OCIRegistryError.self) { try await push(flipped(at: 5), sealed: true) }
        #expect(error?.code == .refused)
        #expect(registry.received == 2 * bytes.count)
        #expect(registry.filesTaken == 2)
        #expect(registry.repositories["a"]?.blobs.isEmpty ?? true)
    }

    @Test(arguments: [4_000_000, 1000] as [Int64])
    func `a sealed blob may be sent without being read, and continues after a break`(wholeLimit: Int64) async throws {
        registry.fail(wholeLimit == 1000 ? .PATCH : .PUT, "/blobs/uploads/", .breakRequest(after: 600_000))
        try await push(sealed: true) { $0.wholeLimit = wholeLimit }
        #expect(registry.repositories["a"]?.blobs[blob.digest] == bytes)
        #expect(registry.filesTaken > 1)
        #expect(registry.received == bytes.count)
    }

    @Test func `an unsealed blob is read and checked, even if it could be sent without`() async throws {
        try await push()
        #expect(registry.filesTaken == 0)
    }
}
