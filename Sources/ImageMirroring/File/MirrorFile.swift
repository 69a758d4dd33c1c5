package import OCIContent
package import OCIModel

/// A mirror file: which images are kept in which registries.
package struct MirrorFile: Hashable, Sendable {
    /// The registries that get every image, each with the path that begins its repositories.
    package var destinations: [MirrorDestination]
    package var images: [MirroredImage]
    /// The rules for the use of registries.
    package var registries: [RegistryHost: RegistryRules]
    /// The file as it was written, which a plan carries with it.
    package var text: String

    /// The digest of the file's bytes, by which a journal knows it.
    package var digest: Digest { Digest(of: text.utf8) }
}

/// A registry, or a part of one, that gets every image of a mirror file.
package struct MirrorDestination: Hashable, Sendable, CustomStringConvertible {
    package var host: RegistryHost
    /// The path before each repository; empty for none.
    package var prefix: String

    package var description: String { prefix.isEmpty ? "\(host)" : "\(host)/\(prefix)" }

    /// Returns the repository for a path below.
    func repository(_ path: RepositoryName) throws(OCIModelError) -> ImageReference {
        try ImageReference("\(host)/" + (prefix.isEmpty ? "" : prefix + "/") + path.description)
    }
}

/// A repository whose images are mirrored.
package struct MirroredImage: Hashable, Sendable {
    /// The rule for documents that refer to an image.
    package enum Referrers: String, Hashable, Sendable, CaseIterable {
        /// They are copied with it.
        case copy
        /// Unchanged images are also asked for new referrers, which costs a listing for each of their documents.
        case recheck
        case none
    }

    /// The rule for tags that already exist at the destination.
    package enum TagPolicy: String, Hashable, Sendable, CaseIterable {
        /// A tag follows its source.
        case move
        /// A tag never changes, here or there: once it is known to be mirrored, nothing is asked.
        case immutable
        /// A tag that stands for something else stays where it is, and that is a failure.
        case never
    }

    package var source: ImageReference
    /// The repositories, in the order of the destinations.
    package var targets: [ImageReference]
    package var tags: TagSelection
    /// The platforms of an index that are copied; all of them if this is empty. The index stays as it is, so that its
    /// digest is kept.
    package var platforms: [PlatformChoice] = []
    package var referrers = Referrers.copy
    package var required: Set<Evidence> = []
    /// A second repository that is asked for referrers and signatures.
    package var signatureOrigin: ImageReference?
    package var policy = TagPolicy.move
    package var quarantine: [Quarantine] = []
    package var prune: PruneRules?
}

/// A kind of document that may be required to belong to an image.
package enum Evidence: String, Hashable, Sendable, CaseIterable, Codable {
    case signature, sbom, provenance
}

/// An image that is known to be bad, and is left out until a day.
package struct Quarantine: Hashable, Sendable {
    package var tag: String
    /// The first moment at which the image is no longer left out.
    package var until: Timestamp
    package var reason: String
}

/// The limits of removing tags that are no longer wanted.
package struct PruneRules: Hashable, Sendable {
    /// The most tags of one repository that a run removes.
    package var atMost: Int
    /// The tags that are never removed.
    package var kept: [TagPattern]
}

/// The rules for the use of one registry.
package struct RegistryRules: Hashable, Sendable {
    /// A time of day in which other limits apply.
    package struct Window: Hashable, Sendable {
        /// The minutes of the day in UTC; an end before the beginning is on the next day.
        package var begin: Int
        package var end: Int
        package var requestsPerSecond: Int?
        package var bandwidth: Int64?

        package func includes(_ time: Timestamp) -> Bool {
            let minute = Int((time.seconds % 86400 + 86400) % 86400 / 60)
            return begin <= end ? (begin..<end).contains(minute) : minute >= begin || minute < end
        }
    }

    /// A number of manifests that may be read from a source in a time, as Docker Hub counts pulls.
    package struct Quota: Hashable, Sendable {
        package var pulls: Int
        package var nanoseconds: Int64
    }

    package var requestsPerSecond: Int?
    /// The listings of referrers per minute, which some registries limit by themselves.
    package var referrersPerMinute: Int?
    /// Bytes per second, of bodies in both directions.
    package var bandwidth: Int64?
    package var quota: Quota?
    package var attempts: Int?
    package var windows: [Window] = []

    package init() {}

    /// Returns the limits that apply at a time: those of the first window that includes it, then the general ones.
    package func limits(at time: Timestamp) -> (requestsPerSecond: Int?, bandwidth: Int64?) {
        let window = windows.first { $0.includes(time) }
        return (window?.requestsPerSecond ?? requestsPerSecond, window?.bandwidth ?? bandwidth)
    }
}
