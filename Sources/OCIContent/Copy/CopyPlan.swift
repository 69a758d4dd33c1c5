package import OCIModel
import Scheduling

/// The options that determine what is copied along with an image.
package struct CopyOptions: Sendable {
    /// Whether signatures, SBOMs and other referrers of the image, of its platforms, or of referrers are copied;
    /// cosign's tags too.
    package var withReferrers = false
    /// Whether layers are copied that registries once were not allowed to hold, and that state other addresses.
    package var withForeignLayers = false
    /// Whether the destination is asked for each blob even where the name stands for the image already; a layout hashes
    /// them.
    package var looksAgain = false
    /// The platforms of an index whose manifests are copied; all of them if this is empty. The index itself stays as it
    /// is, so that a destination must accept one whose other manifests are missing.
    package var platforms: [PlatformChoice] = []
    /// The blobs that are available elsewhere (a base image's layers); any other that the source lacks is an error.
    package var absent: Set<Digest> = []
    package var limits = CopyLimits()
    /// The number of documents and blobs that are copied at once. With more than five, a copy between two registries
    /// needs more than 60 MiB of memory.
    package var concurrency = 5

    package init() {}

    /// Whether there is something to ask where the name stands for the image already.
    package var looksBeyondName: Bool { withReferrers || looksAgain }
}

/// A plan of everything that a copy will put into a destination, and of the order. It contains the documents; the blobs
/// stay where they are.
package struct CopyPlan: Sendable {
    /// A tag beside the image's own, by which a tool finds what belongs to a digest.
    package struct Companion: Sendable {
        package var name: String
        package var root: CopyDocument
    }

    package private(set) var roots: [CopyDocument]
    /// The documents, each after all those to which it refers, including the roots.
    package private(set) var documents: [CopyDocument]
    /// The blobs, each once, largest first: the last ones in progress should be small.
    package private(set) var blobs: [Descriptor]
    /// The layers that are left out.
    package private(set) var skipped: [Descriptor]
    package private(set) var companions: [Companion] = []
}

extension CopyPlan {
    /// Reads the documents of images that are copied together, on all levels.
    ///
    /// - Throws: The source's errors; `ContentError` `.invalidDocument` and `.tooLarge` for content that must not be
    ///   copied.
    package init(
        reading roots: [Descriptor], from source: any ContentSource, _ options: CopyOptions = CopyOptions()
    ) async throws {
        var traversal = CopyTraversal(limits: options.limits)
        for root in roots { try traversal.add(root: root) }
        try await traversal.read(from: source, options)
        self.roots = roots.compactMap { traversal.document($0.digest) }
        documents = traversal.ordered
        (blobs, skipped) = ([], [])
        addBlobs(of: documents, options)
        guard options.withReferrers else { return }
        try await addCompanions(from: source, options)
    }

    /// A plan of one document whose parts are all at the destination.
    package init(document: CopyDocument) {
        (roots, documents, blobs, skipped) = ([document], [document], [], [])
    }

    /// Returns the plan that the same documents and options give where these blobs are to be had elsewhere, too.
    package func leavingOut(_ absent: Set<Digest>, _ options: CopyOptions) -> CopyPlan {
        var options = options
        options.absent.formUnion(absent)
        var plan = self
        (plan.blobs, plan.skipped) = ([], [])
        plan.addBlobs(of: documents, options)
        return plan
    }

    private mutating func addBlobs(of documents: [CopyDocument], _ options: CopyOptions) {
        var seen = Set((blobs + skipped).map(\.digest))
        for blob in documents.flatMap(\.blobs) where seen.insert(blob.digest).inserted {
            let isLeftOut =
                options.absent.contains(blob.digest) || (blob.isForeignLayer && !options.withForeignLayers)
            if isLeftOut { skipped.append(blob) } else { blobs.append(blob) }
        }
        blobs.sort { $0.size != $1.size ? $0.size > $1.size : $0.digest.hex < $1.digest.hex }
    }

    /// Adds the documents that cosign tags `sha256-<hex>.sig`, `.att` and `.sbom` because they belong to a digest.
    private mutating func addCompanions(from source: any ContentSource, _ options: CopyOptions) async throws {
        let tags = try await source.tags()
        for document in documents {
            for name in Tag.companions(of: document.descriptor.digest).map(\.description) where tags.hasTag(name) {
                let signature = try await source.resolve(name)
                var traversal = CopyTraversal(limits: options.limits)
                try traversal.add(root: signature)
                try await traversal.read(from: source, options)
                let found = traversal.ordered
                guard let root = traversal.document(signature.digest) else { continue }
                companions.append(Companion(name: name, root: root))
                let known = Set(documents.map(\.descriptor.digest))
                documents += found.filter { !known.contains($0.descriptor.digest) }
                addBlobs(of: found, options)
            }
        }
    }
}

extension CopyTraversal {
    /// Reads documents until none is waiting.
    fileprivate mutating func read(from source: any ContentSource, _ options: CopyOptions) async throws {
        while case let wanted = takeWaiting(), !wanted.isEmpty {
            let read = try await mapConcurrently(wanted, limit: options.concurrency) { descriptor in
                let document = try CopyDocument(try await source.document(descriptor), as: descriptor)
                return (document, options.withReferrers ? try await source.referrers(of: descriptor.digest) : [])
            }
            for (document, referrers) in read {
                try add(document, platforms: options.platforms)
                try add(referrers: referrers, of: document)
            }
        }
    }
}

extension [String] {
    /// Returns whether a list of tags, sorted by bytes, has one: there may be very many, and each image asks.
    package func hasTag(_ tag: String) -> Bool {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if self[middle].utf8.lexicographicallyPrecedes(tag.utf8) { low = middle + 1 } else { high = middle }
        }
        return low < count && self[low] == tag
    }
}
