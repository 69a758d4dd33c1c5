package import OCIModel
import Scheduling

/// What a copy did.
package struct CopyResult: Hashable, Sendable {
    package var root: Descriptor
    /// The name stood for this image before: nothing was read of it.
    package var isUnchanged = false
    package var documents = 0
    package var blobs = 0
    /// Layers that were left out, since they are to be had elsewhere.
    package var skipped: [Descriptor] = []
}

/// Copies an image with everything below it, bytes unchanged, then gives it its name.
///
/// Blobs before the manifests that name them, manifests before their index, referrers after what they refer to, the name
/// last: a copy that dies leaves nothing that can be mistaken for the whole. Where the destination says that the name
/// stands for this image already, and referrers are not asked for, that is all that happens.
///
/// - Throws: the ends' errors; `ContentError` `.invalidDocument` and `.tooLarge` for what must not be copied.
@discardableResult
package func copy(
    _ root: Descriptor, from source: any ContentSource, to destination: any ContentDestination, tag: String,
    _ options: CopyOptions = CopyOptions()
) async throws -> CopyResult {
    if !options.withReferrers, destination.isWholeByName,
        try await destination.current(tag)?.digest == root.digest
    {
        return CopyResult(root: root, isUnchanged: true)
    }
    let plan = try await CopyPlan(reading: [root], from: source, options)
    try await plan.putContent(to: destination, from: source, options)
    try await plan.setNames(at: destination, [(tag, root.digest)])
    return CopyResult(
        root: root, documents: plan.documents.count, blobs: plan.blobs.count, skipped: plan.skipped)
}

extension CopyPlan {
    /// Puts everything where it can be found by digest, and names nothing.
    package func putContent(
        to destination: any ContentDestination, from source: any ContentSource, _ options: CopyOptions = CopyOptions()
    ) async throws {
        _ = try await mapConcurrently(blobs, limit: options.concurrency) {
            try await destination.putBlob($0, from: source)
        }
        for group in groups(options) {
            _ = try await mapConcurrently(group, limit: options.concurrency) {
                try await destination.putDocument($0.bytes, as: $0.descriptor)
            }
        }
    }

    /// The documents in their order; those next to each other that cannot refer to one another are together.
    private func groups(_ options: CopyOptions) -> [[CopyDocument]] {
        documents.reduce(into: []) { groups, document in
            let isFree = document.children.isEmpty && !options.withReferrers
            if isFree, groups.last?.last?.children.isEmpty == true {
                groups[groups.count - 1].append(document)
            } else {
                groups.append([document])
            }
        }
    }

    /// Sets names in this order, and before them those of what belongs to the images; then the copy is at its end.
    package func setNames(at destination: any ContentDestination, _ names: [(name: String, root: Digest)]) async throws
    {
        for companion in companions {
            try await destination.tag(companion.root.bytes, as: companion.root.descriptor, named: companion.name)
        }
        for (name, digest) in names {
            guard let root = roots.first(where: { $0.descriptor.digest == digest }) else {
                throw ContentError(.missing, "cannot name \(digest) '\(name)': it was not copied")
            }
            try await destination.tag(root.bytes, as: root.descriptor, named: name)
        }
        try await destination.confirm()
    }
}
