import NIOCore
import OCIContent
import OCIModel
import Synchronization

/// Content in memory: a source that returns streams, and a destination that records what was requested of it.
final class MemoryContent: ContentSource, ContentDestination {
    struct State {
        var blobs: [Digest: [UInt8]] = [:]
        var names: [String: Descriptor] = [:]
        var referrers: [Digest: [Descriptor]] = [:]
        /// The events in order: `blob <short>`, `document <short>`, `tag <name>`, `current <name>`, `read <short>`.
        var log: [String] = []
        var failing: Set<Digest> = []
    }

    let state = Mutex(State())
    let isWholeByName: Bool
    let repository: RepositoryAddress?

    init(isWholeByName: Bool = true, repository: RepositoryAddress? = nil) {
        self.isWholeByName = isWholeByName
        self.repository = repository
    }

    func holds(_ blob: Descriptor) -> Bool? { nil }

    func forecast(_ blob: Descriptor, from source: any ContentSource) async throws -> TransferEvent.Arrival {
        source.repository == nil ? .sent : .mounted
    }

    var log: [String] { state.withLock { $0.log } }
    func digest(named name: String) -> Digest? { state.withLock { $0.names[name]?.digest } }

    /// Keeps bytes, and returns their descriptor.
    @discardableResult
    func add(_ bytes: [UInt8], as type: MediaType) -> Descriptor {
        let digest = Digest(of: bytes)
        state.withLock { $0.blobs[digest] = bytes }
        return Descriptor(mediaType: type, digest: digest, size: Int64(bytes.count))
    }

    func add(_ text: String, as type: MediaType) -> Descriptor { add(Array(text.utf8), as: type) }

    /// Adds an image of one platform with these layers.
    func addImage(_ layers: [String] = ["layer"], platform: Platform? = nil) throws -> Descriptor {
        let config = add("{\"of\":\"\(Digest(of: "\(layers)\(platform.map { "\($0)" } ?? "")".utf8))\"}", as: .config)
        let manifest = Manifest(config: config, layers: layers.map { add($0, as: .layerGzip) })
        var descriptor = add(try CanonicalJSON.encode(manifest), as: .manifest)
        descriptor.platform = platform
        return descriptor
    }

    func addIndex(_ children: [Descriptor]) throws -> Descriptor {
        add(try CanonicalJSON.encode(Index(manifests: children)), as: .index)
    }

    /// Adds a document that has another one as its subject, listed as its referrer.
    func addReferrer(of subject: Descriptor, _ text: String) throws -> Descriptor {
        var manifest = Manifest(config: add("{}", as: .config), layers: [add(text, as: MediaType(rawValue: "text/x"))])
        manifest.subject = Descriptor(mediaType: subject.mediaType, digest: subject.digest, size: subject.size)
        let referrer = add(try CanonicalJSON.encode(manifest), as: .manifest)
        state.withLock { $0.referrers[subject.digest, default: []].append(referrer) }
        return referrer
    }

    func name(_ name: String, _ root: Descriptor) { state.withLock { $0.names[name] = root } }

    private func bytes(_ descriptor: Descriptor) throws -> [UInt8] {
        try state.withLock { state in
            state.log.append("read \(descriptor.digest.short)")
            guard let bytes = state.blobs[descriptor.digest], !state.failing.contains(descriptor.digest) else {
                throw ContentError(.missing, "\(descriptor.digest) is not here")
            }
            return bytes
        }
    }

    func document(_ descriptor: Descriptor) async throws -> [UInt8] { try bytes(descriptor) }

    func withBlob<R: Sendable>(
        _ blob: Descriptor, from offset: Int64, _ use: @Sendable (BlobBody) async throws -> R
    ) async throws -> R {
        let rest = try bytes(blob).dropFirst(Int(offset))
        return try await use(
            .stream(
                AsyncThrowingStream { continuation in
                    for start in stride(from: rest.startIndex, to: rest.endIndex, by: 3) {
                        continuation.yield(ByteBuffer(bytes: rest[start..<min(start + 3, rest.endIndex)]))
                    }
                    continuation.finish()
                }))
    }

    func resolve(_ name: String) async throws -> Descriptor {
        guard let found = state.withLock({ $0.names[name] }) else { throw ContentError(.missing, "no \(name)") }
        return found
    }

    func tags() async throws -> [String] { state.withLock { $0.names.keys.sorted() } }

    func referrers(of subject: Digest) async throws -> [Descriptor] { state.withLock { $0.referrers[subject] ?? [] } }

    func putBlob(_ blob: Descriptor, from source: any ContentSource) async throws {
        let bytes = try await source.withBlob(blob, from: 0) { body in
            guard case .stream(let stream) = body else { return [UInt8]() }
            var bytes: [UInt8] = []
            for try await piece in stream { bytes += piece.readableBytesView }
            return bytes
        }
        state.withLock { state in
            state.blobs[blob.digest] = bytes
            state.log.append("blob \(blob.digest.short)")
        }
    }

    func putDocument(_ bytes: [UInt8], as descriptor: Descriptor) async throws {
        state.withLock { state in
            state.blobs[descriptor.digest] = bytes
            state.log.append("document \(descriptor.digest.short)")
        }
    }

    func current(_ name: String) async throws -> Descriptor? {
        state.withLock { state in
            state.log.append("current \(name)")
            return state.names[name]
        }
    }

    func confirm() async throws {}

    func tag(_ bytes: [UInt8], as root: Descriptor, named name: String) async throws {
        state.withLock { state in
            state.names[name] = root
            state.log.append("tag \(name)")
        }
    }
}
