package import OCIModel

/// A tag of one destination, and what is to be done with it.
package struct PlannedTag: Hashable, Sendable, Codable {
    package enum Change: String, Hashable, Sendable, Codable {
        /// The destination has it.
        case unchanged
        /// The tag is immutable and known to be mirrored.
        case known
        case create, move
        /// The tag stands, and what refers to its image is looked at again.
        case complete
        /// The tag stands for something else, and stays there.
        case keep
        case quarantine
        /// The source has no such tag.
        case missing
        /// The source or the destination did not answer, or what was selected is refused.
        case refuse
    }

    /// The repositories as `host/name`.
    package var source: String
    package var target: String
    /// The tag; empty where a repository as a whole is refused.
    package var tag: String
    package var change: Change
    /// The document that the tag stands for at the source; `nil` where that is not known yet.
    package var root: TagRoot?
    /// The digest that the tag stands for at the destination.
    package var from: Digest?
    /// The index of the image in the mirror file, from 0.
    package var image: Int
    /// The reason for what is not done.
    package var reason: String?
    /// The kind of failure of what is not done.
    package var outcome: Outcome?
    package var cost: PlannedCost?

    /// The outcome where nothing is sent for it.
    package var settled: Outcome {
        switch change {
        case .known: .known
        case .keep: .kept
        case .quarantine: .quarantined
        case .missing: .missing
        case .refuse: outcome ?? .failed
        case .unchanged, .create, .move, .complete: .unchanged
        }
    }

    /// Whether something is to be sent.
    package var isWork: Bool { [.create, .move, .complete].contains(change) }

    package var name: String { tag.isEmpty ? target : "\(target):\(tag)" }
}

/// The document that a tag stands for: a descriptor without what entries of an index have beside it, because a plan holds
/// one for each tag.
package struct TagRoot: Hashable, Sendable, Codable {
    package var mediaType: MediaType
    package var digest: Digest
    /// The size in bytes.
    package var size: Int64

    package init(_ descriptor: Descriptor) {
        (digest, size) = (descriptor.digest, descriptor.size)
        // One text for all tags.
        let types = [MediaType.index, .manifest, .dockerIndex, .dockerManifest]
        mediaType = types.first { $0 == descriptor.mediaType } ?? descriptor.mediaType
    }

    package var descriptor: Descriptor { Descriptor(mediaType: mediaType, digest: digest, size: size) }
}

/// The cost of copying an image, as the destination was found.
package struct PlannedCost: Hashable, Sendable, Codable {
    package var documents = 0
    package var blobsToSend = 0
    package var bytesToSend: Int64 = 0
    package var blobsToMount = 0
    package var bytesToMount: Int64 = 0
    package var blobsPresent = 0
    package var bytesPresent: Int64 = 0
    /// The requests to both registries.
    package var requests = 0
    /// The manifests that are read from the source, which registries count as pulls.
    package var pulls = 0

    package init() {}

    package static func + (a: PlannedCost, b: PlannedCost) -> PlannedCost {
        var sum = a
        sum.documents += b.documents
        sum.blobsToSend += b.blobsToSend
        sum.bytesToSend &+= b.bytesToSend
        sum.blobsToMount += b.blobsToMount
        sum.bytesToMount &+= b.bytesToMount
        sum.blobsPresent += b.blobsPresent
        sum.bytesPresent &+= b.bytesPresent
        sum.requests += b.requests
        sum.pulls += b.pulls
        return sum
    }
}
