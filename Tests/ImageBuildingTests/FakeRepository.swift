import NIOCore
import OCIContent
import OCIModel
import OCIRegistry
import Synchronization

@testable import ImageBuilding

/// A repository in memory that writes down what it is asked and given.
final class FakeRepository: PushRepository {
    struct State {
        var contents: [Digest: [UInt8]] = [:]
        var names: [String: Descriptor] = [:]
        /// Where tags must still be when they are set.
        var expected: [String: Digest?] = [:]
        /// What happened, in order: `read <short>`, `current <name>`, `blob <short>`, `document <short>`, `tag <name>`.
        var log: [String] = []
    }

    let state = Mutex(State())
    let isWholeByName: Bool

    init(isWholeByName: Bool = true) { self.isWholeByName = isWholeByName }

    var log: [String] { state.withLock { $0.log } }
    func clearLog() { state.withLock { $0.log = [] } }
    func digest(of name: String) -> Digest? { state.withLock { $0.names[name]?.digest } }
    func name(_ name: String, _ root: Descriptor) { state.withLock { $0.names[name] = root } }

    func add(_ bytes: [UInt8], as type: MediaType) -> Descriptor {
        let digest = Digest(of: bytes)
        state.withLock { $0.contents[digest] = bytes }
        return Descriptor(mediaType: type, digest: digest, size: Int64(bytes.count))
    }

    /// Adds an image of one platform with these layers.
    func addImage(_ platform: Platform, layers: [String] = ["layer"]) throws -> Descriptor {
        let config = ImageConfig(
            platform: platform, created: Timestamp(seconds: 7), config: .init(),
            layers: layers.map { (DiffID(Digest(of: $0.utf8)), ImageConfig.History()) })
        let manifest = Manifest(
            config: add(try CanonicalJSON.encode(config), as: .config),
            layers: layers.map { add(Array($0.utf8), as: .layerGzip) })
        var root = add(try CanonicalJSON.encode(manifest), as: .manifest)
        root.platform = platform
        return root
    }

    func addIndex(_ manifests: [Descriptor]) throws -> Descriptor {
        add(try CanonicalJSON.encode(Index(manifests: manifests)), as: .index)
    }

    func expecting(_ moves: [Publication.Move]) -> any PushRepository {
        state.withLock { state in for move in moves { state.expected[move.name] = .some(move.from) } }
        return self
    }

    var repository: RepositoryAddress? { nil }
    func holds(_ blob: Descriptor) -> Bool? { nil }

    func document(_ descriptor: Descriptor) async throws -> [UInt8] {
        try state.withLock { state in
            state.log.append("read \(descriptor.digest.short)")
            guard let bytes = state.contents[descriptor.digest] else {
                throw ContentError(.missing, "\(descriptor.digest) is not here")
            }
            return bytes
        }
    }

    func withBlob<R: Sendable>(
        _ blob: Descriptor, from offset: Int64, _ use: @Sendable (BlobBody) async throws -> R
    ) async throws -> R {
        let bytes = try await document(blob)
        let stream = AsyncThrowingStream<ByteBuffer, any Error> { continuation in
            continuation.yield(ByteBuffer(bytes: bytes.dropFirst(Int(offset))))
            continuation.finish()
        }
        return try await use(.stream(stream))
    }

    func resolve(_ name: String) async throws -> Descriptor {
        guard let found = state.withLock({ $0.names[name] }) else { throw ContentError(.missing, "no \(name)") }
        return found
    }

    func tags() async throws -> [String] { state.withLock { $0.names.keys.sorted() } }
    func referrers(of subject: Digest) async throws -> [Descriptor] { [] }

    func putBlob(_ blob: Descriptor, from source: any ContentSource) async throws {
        let bytes = try await source.withBlob(blob, from: 0) { body in
            var bytes: [UInt8] = []
            if case .stream(let stream) = body { for try await piece in stream { bytes += piece.readableBytesView } }
            return bytes
        }
        state.withLock { state in
            state.contents[blob.digest] = bytes
            state.log.append("blob \(blob.digest.short)")
        }
    }

    func putDocument(_ bytes: [UInt8], as descriptor: Descriptor) async throws {
        state.withLock { state in
            state.contents[descriptor.digest] = bytes
            state.log.append("document \(descriptor.digest.short)")
        }
    }

    func current(_ name: String) async throws -> Descriptor? {
        state.withLock { state in
            state.log.append("current \(name)")
            return state.names[name]
        }
    }

    func forecast(_ blob: Descriptor, from source: any ContentSource) async throws -> TransferEvent.Arrival {
        state.withLock { $0.contents[blob.digest] == nil ? .sent : .present }
    }

    func tag(_ bytes: [UInt8], as root: Descriptor, named name: String) async throws {
        try state.withLock { state in
            if let expected = state.expected[name], expected != state.names[name]?.digest {
                throw OCIRegistryError(.conflict, "\(name) was moved by somebody else")
            }
            state.names[name] = root
            state.log.append("tag \(name)")
        }
    }

    func confirm() async throws { state.withLock { $0.log.append("confirm") } }
}

extension Platform {
    static let amd64 = Platform(os: "linux", architecture: "amd64")
    static let ppc64le = Platform(os: "linux", architecture: "ppc64le")
}
