package import OCIModel
package import SystemPackage

/// A place that content is copied from.
package protocol ContentSource: Sendable {
    /// The exact bytes of a manifest, index or configuration, checked.
    func document(_ descriptor: Descriptor) async throws -> [UInt8]

    /// Hands out a blob for the time of `use`. The user of the bytes checks them against the digest.
    func withBlob<R: Sendable>(_ blob: Descriptor, _ use: @Sendable (BlobBody) async throws -> R) async throws -> R
}

/// A blob's bytes while they are being copied.
package enum BlobBody: Sendable {
    /// A file that holds exactly the blob.
    case file(FilePath)
}

/// A place that content is copied to. It *pulls* each blob from the source, so that whether the blob is there already,
/// can be linked or must be sent again after a failure is the destination's own business.
package protocol ContentDestination: Sendable {
    /// Idempotent.
    func putBlob(_ blob: Descriptor, from source: any ContentSource) async throws
    /// Idempotent. Everything that the document refers to is there already.
    func putDocument(_ bytes: [UInt8], as descriptor: Descriptor) async throws
    /// Makes the index reachable under a name; the last step.
    func tag(_ root: Descriptor, as name: String) async throws
}

/// Copies an index with everything below it, bytes unchanged, then gives it its name.
///
/// Blobs before the manifests that name them, manifests before the index, the name last: a copy that dies leaves
/// nothing that can be mistaken for the whole. The blobs in `absent` are to be had elsewhere (a base image's layers) and
/// are not copied; any other that the source does not have is an error.
package func copy(
    _ root: Descriptor, from source: any ContentSource, to destination: any ContentDestination, tag: String,
    without absent: Set<Digest> = []
) async throws {
    let rootBytes = try await source.document(root)
    let index = try CanonicalJSON.decode(Index.self, from: rootBytes)
    var manifests: [(Descriptor, [UInt8])] = []
    var blobs: [Descriptor] = []
    var seen = absent
    for entry in index.manifests {
        let bytes = try await source.document(entry)
        let manifest = try CanonicalJSON.decode(Manifest.self, from: bytes)
        manifests.append((entry, bytes))
        blobs += (manifest.layers + [manifest.config]).filter { seen.insert($0.digest).inserted }
    }
    _ = try await mapConcurrently(blobs, limit: 4) { try await destination.putBlob($0, from: source) }
    for (descriptor, bytes) in manifests { try await destination.putDocument(bytes, as: descriptor) }
    try await destination.putDocument(rootBytes, as: root)
    try await destination.tag(root, as: tag)
}

extension ContentStore: ContentSource {
    package func document(_ descriptor: Descriptor) async throws -> [UInt8] { try readDocument(descriptor) }

    package func withBlob<R: Sendable>(
        _ blob: Descriptor, _ use: @Sendable (BlobBody) async throws -> R
    ) async throws -> R {
        // What is linked into a layout is read by others from there: it is checked before it leaves.
        try await use(.file(verifiedPath(of: blob.digest, size: blob.size)))
    }
}
