import NIOCore
import OCIContent
import OCIModel
import OCIRegistry
import Synchronization
import SystemPackage

/// Returns bytes that are the same each time, and different at each position.
func noise(_ count: Int, seed: UInt8 = 1) -> [UInt8] {
    var value = UInt32(seed)
    return (0..<count).map { _ in
        value = value &* 1_664_525 &+ 1_013_904_223
        return UInt8(truncatingIfNeeded: value >> 24)
    }
}

extension Descriptor {
    init(of bytes: [UInt8], _ type: MediaType = .layerGzip, by algorithm: Digest.Algorithm = .sha256) {
        self.init(mediaType: type, digest: Digest(of: bytes, by: algorithm), size: Int64(bytes.count))
    }
}

/// A source of blobs and documents in memory that counts how often a blob was opened.
final class MemorySource: NamelessContent {
    let content: [Digest: [UInt8]]
    let repository: RepositoryAddress?
    private let openings = Mutex<[Digest: Int]>([:])
    private let pieceSize: Int

    init(
        _ content: [[UInt8]], pieceSize: Int = 1000, by algorithm: Digest.Algorithm = .sha256,
        repository: RepositoryAddress? = nil
    ) {
        self.repository = repository
        self.content = Dictionary(uniqueKeysWithValues: content.map { (Digest(of: $0, by: algorithm), $0) })
        self.pieceSize = pieceSize
    }

    func openings(of digest: Digest) -> Int { openings.withLock { $0[digest] ?? 0 } }

    func document(_ descriptor: Descriptor) async throws -> [UInt8] {
        guard let bytes = content[descriptor.digest] else { throw ContentError(.missing, "\(descriptor.digest)") }
        return bytes
    }

    func withBlob<R: Sendable>(
        _ blob: Descriptor, from offset: Int64, _ use: @Sendable (BlobBody) async throws -> R
    ) async throws -> R {
        openings.withLock { $0[blob.digest, default: 0] += 1 }
        return try await use(.stream(FakeBody(bytes: Array(try await document(blob)[Int(offset)...]))))
    }
}

/// An image of several platforms, as documents and blobs.
struct FakeImage {
    var blobs: [[UInt8]] = []
    var manifests: [[UInt8]] = []
    var index: [UInt8] = []
    var algorithm = Digest.Algorithm.sha256

    init(platforms: Int, layers: Int, size: Int, by algorithm: Digest.Algorithm = .sha256) throws {
        self.algorithm = algorithm
        var entries: [Descriptor] = []
        for platform in 0..<platforms {
            let config = Array(#"{"architecture":"a\#(platform)","os":"linux"}"#.utf8)
            let bytes = (0..<layers).map { noise(size, seed: UInt8(platform * layers + $0 + 1)) }
            blobs += bytes + [config]
            let manifest = Manifest(
                config: Descriptor(of: config, .config, by: algorithm),
                layers: bytes.map { Descriptor(of: $0, by: algorithm) })
            manifests.append(try CanonicalJSON.encode(manifest))
            entries.append(Descriptor(of: manifests[platform], .manifest, by: algorithm))
        }
        index = try CanonicalJSON.encode(Index(manifests: entries))
    }

    var root: Descriptor { Descriptor(of: index, .index, by: algorithm) }
    var source: MemorySource { MemorySource(blobs + manifests + [index], by: algorithm) }

    /// Returns a repository that has the whole image under a tag.
    func repository(tag: String) -> FakeRegistry.Repository {
        var repository = FakeRegistry.Repository()
        for blob in blobs { repository.blobs[Digest(of: blob)] = blob }
        for manifest in manifests {
            repository.manifests[Digest(of: manifest)] = (MediaType.manifest.rawValue, manifest)
        }
        repository.manifests[root.digest] = (MediaType.index.rawValue, index)
        repository.tags[tag] = root.digest
        return repository
    }
}

/// The events that a transfer reported.
final class Events: Sendable {
    private let events = Mutex<[TransferEvent]>([])
    var all: [TransferEvent] { events.withLock { $0 } }
    func add(_ event: TransferEvent) { events.withLock { $0.append(event) } }

    var moved: Int64 {
        all.reduce(0) { sum, event in if case .moved(_, let count) = event { sum + count } else { sum } }
    }
}

extension RepositorySettings {
    /// Settings so small that blobs of some thousand bytes are large.
    static var small: RepositorySettings {
        var settings = RepositorySettings()
        settings.upload.smallLimit = 100
        settings.upload.wholeLimit = 8000
        settings.upload.chunk = 4000
        settings.firstPause = .zero
        return settings
    }
}

extension RepositorySettings {
    /// Settings for small blobs over a real connection, some whole and some in chunks.
    static var smallChunks: RepositorySettings {
        var settings = RepositorySettings()
        settings.upload.smallLimit = 1000
        settings.upload.wholeLimit = 100_000
        settings.upload.chunk = 100_000
        settings.firstPause = .zero
        return settings
    }
}
