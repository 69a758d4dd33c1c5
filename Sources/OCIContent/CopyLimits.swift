/// The limits that an image must not exceed to be copied.
package struct CopyLimits: Hashable, Sendable {
    /// The depth of documents below documents: an index in an index, a signature of an SBOM of a platform.
    package var depth = 8
    package var documents = 10_000
    /// The bytes of one document; registries need not accept more (distribution-spec, "Pushing Manifests").
    package var documentSize: Int64 = 4 << 20
    /// The bytes of all documents, which are held in memory.
    package var documentsSize: Int64 = 64 << 20
    package var blobs = 100_000

    package init() {}
}
