/// How much an image may ask of whoever copies it, before it is refused.
package struct CopyLimits: Hashable, Sendable {
    /// Documents below documents: an index in an index, a signature of a list of parts of an image.
    package var depth = 8
    package var documents = 10_000
    /// Bytes of one document; registries need not take more (distribution-spec, "Pushing Manifests").
    package var documentSize: Int64 = 4 << 20
    /// Bytes of all documents, which are held in memory.
    package var documentsSize: Int64 = 64 << 20
    package var blobs = 100_000

    package init() {}
}
