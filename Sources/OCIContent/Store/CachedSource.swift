package import OCIModel

/// A source whose blobs and documents come from the store if it has them.
package struct CachedSource: WrappedSource {
    package let base: any ContentSource
    private let store: ContentStore

    package init(_ base: any ContentSource, in store: ContentStore) {
        self.base = base
        self.store = store
    }

    package func holds(_ blob: Descriptor) -> Bool? { store.holds(blob) == true ? true : base.holds(blob) }

    package func document(_ descriptor: Descriptor) async throws -> [UInt8] {
        try await nearest(descriptor).document(descriptor)
    }

    package func withBlob<R: Sendable>(
        _ blob: Descriptor, from offset: Int64, _ use: @Sendable (BlobBody) async throws -> R
    ) async throws -> R {
        try await nearest(blob).withBlob(blob, from: offset, use)
    }

    private func nearest(_ blob: Descriptor) -> any ContentSource { store.holds(blob) == true ? store : base }
}
