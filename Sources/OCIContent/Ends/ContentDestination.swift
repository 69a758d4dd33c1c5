package import OCIModel

/// A destination to which content is copied. It *pulls* each blob from the source, so that only the destination knows
/// whether the blob already exists, can be linked or mounted, or must be sent again after a failure.
///
/// These requirements state what a destination can do. None of them has a default implementation, so that a destination
/// that wraps another (`WrappedDestination`) can do whatever that one can.
package protocol ContentDestination: Sendable {
    /// Copies a blob. Idempotent.
    func putBlob(_ blob: Descriptor, from source: any ContentSource) async throws
    /// Stores a manifest or index by digest. Idempotent. Everything to which the document refers already exists.
    func putDocument(_ bytes: [UInt8], as descriptor: Descriptor) async throws
    /// Returns the document that a name stands for now; `nil` if there is none.
    func current(_ name: String) async throws -> Descriptor?
    /// Makes a document available under a name, which is the last step.
    func tag(_ bytes: [UInt8], as root: Descriptor, named name: String) async throws
    /// Checks again for what others could have undone in the meantime, and restores it, at the end of a copy.
    func confirm() async throws
    /// Returns what copying a blob would do, without sending anything.
    func forecast(_ blob: Descriptor, from source: any ContentSource) async throws -> TransferEvent.Arrival
    /// Whether the destination ensures that the document that a name stands for is complete: a registry does so,
    /// whereas anyone can write to a folder.
    var isWholeByName: Bool { get }
}

/// An event that a destination reports about a blob while it receives it.
package enum TransferEvent: Hashable, Sendable {
    package enum Arrival: String, Hashable, Sendable { case sent, mounted, present }

    case started(Descriptor)
    /// Bytes were moved; a negative number takes back bytes that must be sent again.
    case moved(Digest, Int64)
    case arrived(Descriptor, Arrival)
}
