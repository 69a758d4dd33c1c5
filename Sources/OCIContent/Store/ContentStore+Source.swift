import DurableFiles
package import OCIModel

extension ContentStore: NamelessContent {
    package func holds(_ blob: Descriptor) -> Bool? { contains(blob.digest, size: blob.size) }

    package func document(_ descriptor: Descriptor) async throws -> [UInt8] { try readDocument(descriptor) }

    package func withBlob<R: Sendable>(
        _ blob: Descriptor, from offset: Int64, _ use: @Sendable (BlobBody) async throws -> R
    ) async throws -> R {
        let path = path(of: blob.digest)
        guard FileSystem.plainFileSize(path) == blob.size else {
            throw ContentError(.missing, "the blob \(blob.digest) is not in the store \(root), or has another size")
        }
        let isChecked = checked.contains(blob.digest) && FileSystem.isSealed(path, size: blob.size)
        return try await use(.file(path, isChecked ? .checked : .unknown))
    }
}
