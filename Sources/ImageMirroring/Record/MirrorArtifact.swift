import NIOCore
import OCIContent
package import OCIModel
package import OCIRegistry

/// A file of a mirror (a plan, a report, a ledger) as an artifact in a registry, where it survives the machine that made
/// it and others read it by digest.
package enum MirrorArtifact {
    private static let limit: Int64 = 1 << 30
    private static let type = MediaType(rawValue: "application/vnd.imagebuild.mirror.v1+json")
    private static let empty = Array("{}".utf8)

    /// Puts bytes under a reference's tag.
    ///
    /// - Returns: The digest by which others find exactly these bytes.
    package static func push(
        _ bytes: [UInt8], to reference: ImageReference, _ registries: RegistryAccess
    ) async throws -> Digest {
        let repository = try registries.repository(reference)
        let layer = Descriptor(mediaType: type, digest: Digest(of: bytes), size: Int64(bytes.count))
        let config = Descriptor(
            mediaType: MediaType(rawValue: "application/vnd.oci.empty.v1+json"), digest: Digest(of: empty), size: 2)
        var manifest = Manifest(config: config, layers: [layer])
        manifest.artifactType = type.rawValue
        let encoded = try Encoded(manifest, as: .manifest)
        let source = Content(blobs: [layer.digest: bytes, config.digest: empty])
        for blob in [layer, config] { try await repository.putBlob(blob, from: source) }
        try await repository.putDocument(encoded.bytes, as: encoded.descriptor)
        if let tag = reference.tag {
            try await repository.tag(encoded.bytes, as: encoded.descriptor, named: tag.description)
        }
        return encoded.descriptor.digest
    }

    /// Reads the bytes that a reference's digest or tag names.
    ///
    /// - Throws: `MirrorError` for an artifact of another type; the registry's errors.
    package static func pull(_ reference: ImageReference, _ registries: RegistryAccess) async throws -> [UInt8] {
        let repository = try registries.repository(reference)
        let root = try await repository.resolve(reference.name.description)
        let manifest = try CanonicalJSON.decode(Manifest.self, from: try await repository.document(root))
        guard manifest.artifactType == type.rawValue, let layer = manifest.layers.first, layer.size <= limit else {
            throw MirrorError(.refused, "\(reference) is no file of a mirror")
        }
        return try await repository.withBlob(layer, from: 0) { body in
            guard case .stream(let pieces) = body else { return [] }
            var bytes: [UInt8] = []
            for try await piece in pieces { bytes.append(contentsOf: piece.readableBytesView) }
            return bytes
        }
    }

    /// Blobs in memory.
    private struct Content: NamelessContent {
        let blobs: [Digest: [UInt8]]

        func document(_ descriptor: Descriptor) async throws -> [UInt8] {
            guard let bytes = blobs[descriptor.digest] else {
                throw ContentError(.missing, "there is no \(descriptor.digest)")
            }
            return bytes
        }

        func withBlob<R: Sendable>(
            _ blob: Descriptor, from offset: Int64, _ use: @Sendable (BlobBody) async throws -> R
        ) async throws -> R {
            let rest = try await document(blob).dropFirst(Int(clamping: offset))
            let (stream, continuation) = AsyncThrowingStream<ByteBuffer, any Error>.makeStream()
            continuation.yield(ByteBuffer(bytes: rest))
            continuation.finish()
            return try await use(.stream(stream))
        }
    }
}
