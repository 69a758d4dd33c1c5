package import OCIModel

/// A place that content is copied to. It *pulls* each blob from the source, so that it decides by itself whether the blob is
/// there already, can be linked or mounted, or must be sent again after a failure.
///
/// What a destination can do is said by these requirements. None of them has a default, so that a destination that stands
/// before another (`WrappedDestination`) can do whatever that one can.
package protocol ContentDestination: Sendable {
    /// Puts a blob there. Idempotent.
    func putBlob(_ blob: Descriptor, from source: any ContentSource) async throws
    /// Keeps a manifest or index by digest. Idempotent. Everything that the document refers to is there already.
    func putDocument(_ bytes: [UInt8], as descriptor: Descriptor) async throws
    /// Returns what stands under a name now; `nil` where nothing does.
    func current(_ name: String) async throws -> Descriptor?
    /// Makes a document reachable under a name; the last step.
    func tag(_ bytes: [UInt8], as root: Descriptor, named name: String) async throws
    /// Looks again for what others could have undone meanwhile, and puts it right; the end of a copy.
    func confirm() async throws
    /// Returns what putting a blob would come to, found out without sending anything.
    func forecast(_ blob: Descriptor, from source: any ContentSource) async throws -> TransferEvent.Arrival
    /// Whether the destination vouches that whatever stands under a name is there with all its parts: a registry takes care
    /// of that; into a folder anybody can write.
    var isWholeByName: Bool { get }
}

/// What a destination tells of a blob while it gets it.
package enum TransferEvent: Hashable, Sendable {
    package enum Arrival: String, Hashable, Sendable { case sent, mounted, present }

    case started(Descriptor)
    /// Bytes moved; a negative number takes back bytes that must be sent again.
    case moved(Digest, Int64)
    case arrived(Descriptor, Arrival)
}
