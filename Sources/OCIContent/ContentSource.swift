import DurableFiles
package import NIOCore
package import OCIModel
import Scheduling
package import SystemPackage

/// A place that content is copied from, addressed by digest.
package protocol ContentSource: Sendable {
    /// The exact bytes of a manifest, index or configuration, checked.
    func document(_ descriptor: Descriptor) async throws -> [UInt8]

    /// Hands out a blob from `offset` (bytes) on, for the time of `use`; a destination that lost its connection half-way
    /// asks again for the rest. The user of the bytes checks them against the digest.
    func withBlob<R: Sendable>(
        _ blob: Descriptor, from offset: Int64, _ use: @Sendable (BlobBody) async throws -> R
    ) async throws -> R
}

/// A blob's bytes while they are being copied.
package enum BlobBody: Sendable {
    /// A file of the blob's size, whole: its user begins at the offset itself. Where it is not `checked`, its bytes may be
    /// others, and its user must look before he says that he has the blob.
    case file(FilePath, checked: Bool)
    /// The bytes from the offset on. It throws where the source fails or the whole turns out not to be the blob.
    case stream(any AsyncSequence<ByteBuffer, any Error> & Sendable)
}

/// A source whose content has names.
package protocol NamedContent: ContentSource {
    /// What stands under a tag, or under a digest written as text (`sha256:…`).
    ///
    /// - Throws: an error that says what names there are, where that one is not among them.
    func resolve(_ name: String) async throws -> Descriptor
    /// All tags, sorted by bytes, each once.
    func tags() async throws -> [String]
    /// What stands under all tags, in their order.
    func tagged() async throws -> [(tag: String, root: Descriptor)]
    /// The manifests whose `subject` is this document, with their artifact types and annotations (distribution-spec,
    /// "Listing Referrers"); empty where there are none.
    func referrers(of subject: Digest) async throws -> [Descriptor]
}

/// A place that content is copied to. It *pulls* each blob from the source, so that whether the blob is there already,
/// can be linked, mounted or must be sent again after a failure is the destination's own business.
package protocol ContentDestination: Sendable {
    /// Idempotent.
    func putBlob(_ blob: Descriptor, from source: any ContentSource) async throws
    /// Keeps a manifest or index by digest. Idempotent. Everything that the document refers to is there already.
    func putDocument(_ bytes: [UInt8], as descriptor: Descriptor) async throws
    /// What stands under a name now; `nil` where nothing does.
    func current(_ name: String) async throws -> Descriptor?
    /// Makes a document reachable under a name; the last step.
    func tag(_ bytes: [UInt8], as root: Descriptor, named name: String) async throws
    /// Looks again for what others could have undone meanwhile, and puts it right; the end of a copy. Without a default, so
    /// that no destination that stands before another forgets it.
    func confirm() async throws
    /// What putting a blob would be, found out without sending anything.
    func forecast(_ blob: Descriptor) async throws -> TransferEvent.Arrival
    /// Whether what stands under a name is there with all its parts: a registry takes care of that; into a folder
    /// anybody can write.
    var isWholeByName: Bool { get }
}

extension NamedContent {
    /// One question for each tag.
    package func tagged() async throws -> [(tag: String, root: Descriptor)] {
        try await mapConcurrently(try await tags(), limit: 8) { ($0, try await resolve($0)) }
    }
}

extension ContentDestination {
    package var isWholeByName: Bool { false }
    package func forecast(_ blob: Descriptor) async throws -> TransferEvent.Arrival { .sent }
}

/// What a destination tells of a blob while it gets it.
package enum TransferEvent: Hashable, Sendable {
    package enum Arrival: String, Hashable, Sendable { case sent, mounted, present }

    case started(Descriptor)
    /// Bytes moved; a negative number takes back bytes that must be sent again.
    case moved(Digest, Int64)
    case arrived(Descriptor, Arrival)
}

extension ContentStore: ContentSource {
    package func document(_ descriptor: Descriptor) async throws -> [UInt8] { try readDocument(descriptor) }

    package func withBlob<R: Sendable>(
        _ blob: Descriptor, from offset: Int64, _ use: @Sendable (BlobBody) async throws -> R
    ) async throws -> R {
        let path = path(of: blob.digest)
        guard FileSystem.regularFileSize(path) == blob.size else {
            throw ContentError(.missing, "blob \(blob.digest) is not in the store \(root), or not of its size")
        }
        let isChecked = checked.contains(blob.digest) && FileSystem.isSealed(path, size: blob.size)
        return try await use(.file(path, checked: isChecked))
    }
}
