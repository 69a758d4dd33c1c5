import OCIContent
import OCIModel
import OCIRegistry
import Scheduling

/// A destination's repository in a run: a blob that several repositories of one registry need is sent to the first, and
/// mounted by the others when it is there. What is put is recorded.
struct SharedDestination: WrappedDestination {
    let repository: RegistryRepository
    /// The repository as `host/name`.
    let place: String
    let transfers: Transfers

    var base: any ContentDestination { repository }

    func putBlob(_ blob: Descriptor, from source: any ContentSource) async throws {
        guard !repository.isKnownPresent(blob.digest) else { return }
        try await transfers.turns.take("\(repository.transport.host) \(blob.digest)") {
            try await transfers.slots.take { try await repository.putBlob(blob, from: source) }
        }
        try transfers.journal?.note(present: blob.digest, at: place)
    }

    func putDocument(_ bytes: [UInt8], as descriptor: Descriptor) async throws {
        guard !repository.isKnownPresent(descriptor.digest) else { return }
        try await repository.putDocument(bytes, as: descriptor)
        try transfers.journal?.note(present: descriptor.digest, at: place)
    }
}

/// The turns and records that all transfers of a run share.
struct Transfers: Sendable {
    /// The blobs on their way at the same time, which bounds the memory that they need.
    static let blobsAtOnce = 8
    /// The images that are worked on at the same time.
    static let imagesAtOnce = 6

    let turns = Turns<String>()
    let slots = Turns<OnlyKey>(atOnce: blobsAtOnce)
    let images = Turns<OnlyKey>(atOnce: imagesAtOnce)
    let journal: MirrorJournal?
}
