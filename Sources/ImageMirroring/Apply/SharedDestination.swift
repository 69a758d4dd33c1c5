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
        if repository.isKnownNew { try transfers.journal?.note(new: place) }
        try await transfers.turns.take("\(repository.transport.host) \(blob.digest)") {
            try await transfers.slots(for: blob).take { try await repository.putBlob(blob, from: source) }
        }
        try transfers.journal?.note(present: blob.digest, at: place)
        if let takes = repository.takesBlobsAtOnce { try transfers.journal?.note(takesBlobsAtOnce: takes, at: place) }
    }

    func putDocument(_ bytes: [UInt8], as descriptor: Descriptor) async throws {
        guard !repository.isKnownPresent(descriptor.digest) else { return }
        try await repository.putDocument(bytes, as: descriptor)
        try transfers.journal?.note(present: descriptor.digest, at: place)
    }
}

/// The turns and records that all transfers of a run share.
struct Transfers: Sendable {
    /// The large blobs on their way at the same time, which bounds the memory that they need.
    private static let blobsAtOnce = 8
    /// The small blobs: what they take is time, in which far registries answer. What is under way when a run is killed was
    /// in vain.
    private static let smallBlobsAtOnce = 16
    /// The size in bytes up to which a blob is small.
    private static let smallLimit: Int64 = 256 << 10
    /// The images that are worked on at the same time.
    static let imagesAtOnce = 12
    /// The parts of one image.
    static let partsAtOnce = 12

    let turns = Turns<String>()
    /// The turns at sources that limit pulls.
    let quotas = Turns<RegistryHost>()
    private let largeSlots = Turns<OnlyKey>(atOnce: blobsAtOnce)
    private let smallSlots = Turns<OnlyKey>(atOnce: smallBlobsAtOnce)
    let images = Turns<OnlyKey>(atOnce: imagesAtOnce)
    let journal: MirrorJournal?

    init(journal: MirrorJournal?) { self.journal = journal }

    func slots(for blob: Descriptor) -> Turns<OnlyKey> { blob.size > Self.smallLimit ? largeSlots : smallSlots }
}
