import ImageInputs
import OCIContent
import OCIModel

/// A repository in memory: documents by digest, and what the tags name.
struct FakeBaseImages: BaseImageSource, NamelessContent {
    var documents: [Digest: [UInt8]] = [:]
    var tags: [String: Descriptor] = [:]

    mutating func add(_ value: some Encodable, _ type: MediaType, _ platform: Platform? = nil) throws -> Descriptor {
        let bytes = try CanonicalJSON.encode(value)
        documents[Digest(of: bytes)] = bytes
        return Descriptor(mediaType: type, digest: Digest(of: bytes), size: Int64(bytes.count), platform: platform)
    }

    func baseImage(named name: String) async throws -> Descriptor {
        guard let found = tags[name] else { throw ContentError(.missing, "nothing is named \(name)") }
        return found
    }

    func document(_ descriptor: Descriptor) async throws -> [UInt8] {
        guard let bytes = documents[descriptor.digest] else { throw ContentError(.missing, "no \(descriptor.digest)") }
        return bytes
    }

    func withBlob<R: Sendable>(
        _ blob: Descriptor, from offset: Int64, _ use: @Sendable (BlobBody) async throws -> R
    ) async throws -> R { throw ContentError(.missing, "no \(blob.digest)") }
}
