package import OCIContent
package import OCIModel

/// The documents of base images in the folder `lock/`, which replace the registry that they came from.
package struct BaseImageProof: BaseImageSource, NamelessContent {
    private let file: @Sendable (String) throws -> [UInt8]?

    /// Creates a proof. `file` returns a file of the folder by its relative path, or `nil` if it is missing.
    package init(file: @escaping @Sendable (String) throws -> [UInt8]?) { self.file = file }

    package func baseImage(named name: String) async throws -> Descriptor {
        let digest = try Digest(name)
        let bytes = try read(digest)
        // A registry states the type; a document need not.
        let document = try? Document<DocumentLink>(bytes)
        let type = document?.mediaType ?? (document?.manifests == nil ? .manifest : .index)
        return Descriptor(mediaType: type, digest: digest, size: Int64(bytes.count))
    }

    package func document(_ descriptor: Descriptor) async throws -> [UInt8] { try read(descriptor.digest) }

    package func withBlob<R: Sendable>(
        _ blob: Descriptor, from offset: Int64, _ use: @Sendable (BlobBody) async throws -> R
    ) async throws -> R {
        throw ImageInputsError(.notFound, "the proof of a base image contains no layers, but \(blob.digest) is needed")
    }

    private func read(_ digest: Digest) throws -> [UInt8] {
        let path = LinuxBaseResolver.proofPath(of: digest)
        guard let bytes = try file(path) else {
            throw ImageInputsError(.notFound, "the proof of the base image is missing: lock/\(path)")
        }
        guard digest.isOf(bytes) else {
            throw ImageInputsError(.corrupt, "the proof of the base image is damaged: lock/\(path)")
        }
        return bytes
    }
}
