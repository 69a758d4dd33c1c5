package import OCIModel
import Scheduling

/// The result of a copy.
package struct CopyResult: Hashable, Sendable {
    package var root: Descriptor
    /// Whether the name already stood for this image, so that none of it was read.
    package var isUnchanged = false
    package var documents = 0
    package var blobs = 0
    /// The layers that were left out because they are available elsewhere.
    package var skipped: [Descriptor] = []
}

/// Copies an image with everything below it, bytes unchanged, then gives it its name.
///
/// Blobs are copied before the manifests that refer to them, manifests before their index, referrers after their
/// subjects, and the name is set last, so a copy that dies leaves nothing that could be mistaken for the whole. If the
/// destination reports that the name already stands for this image, and referrers are not requested, nothing else
/// happens.
///
/// - Throws: The errors of source and destination; `ContentError` `.invalidDocument` and `.tooLarge` for content that
///   must not be copied.
@discardableResult
package func copy(
    _ root: Descriptor, from source: any ContentSource, to destination: any ContentDestination, tag: String,
    _ options: CopyOptions = CopyOptions()
) async throws -> CopyResult {
    if !options.looksBeyondName, destination.isWholeByName,
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
    /// The root, where nothing has to be put after it: a destination may take it together with its name.
    package var lastRoot: Digest? {
        guard companions.isEmpty, roots.count == 1, let last = documents.last, last.subject == nil,
            last.descriptor.digest == roots[0].descriptor.digest
        else { return nil }
        return last.descriptor.digest
    }

    /// Copies everything so that it can be found by digest, and names nothing.
    ///
    /// - Parameters:
    ///   - destination: The end that content is put to.
    ///   - source: The end that it is read from.
    ///   - options: The options with which the plan was made.
    ///   - left: A document that is left to who names it.
    /// - Throws: The errors of source and destination.
    package func putContent(
        to destination: any ContentDestination, from source: any ContentSource, _ options: CopyOptions = CopyOptions(),
        butFor left: Digest? = nil
    ) async throws {
        _ = try await mapConcurrently(blobs, limit: options.concurrency) {
            try await destination.putBlob($0, from: source)
        }
        for group in levels {
            _ = try await mapConcurrently(
                group.filter { $0.descriptor.digest != left }, limit: options.concurrency
            ) {
                try await destination.putDocument($0.bytes, as: $0.descriptor)
            }
        }
    }

    /// The documents by level: none refers to another of its own, and what they refer to is on those before.
    private var levels: [[CopyDocument]] {
        var levelOf: [Digest: Int] = [:]
        return documents.reduce(into: []) { levels, document in
            let parts = document.children.map(\.digest) + [document.subject].compactMap { $0 }
            let level = parts.compactMap { levelOf[$0] }.max().map { $0 + 1 } ?? 0
            levelOf[document.descriptor.digest] = level
            if levels.count == level { levels.append([]) }
            levels[level].append(document)
        }
    }

    /// Sets names in this order, preceded by the names of companions; then the copy is confirmed.
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
