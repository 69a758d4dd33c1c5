import OCIContent
import OCIModel
import OCIRegistry
import Synchronization

/// A repository whose referrers and signatures are also in a second one, their origin.
///
/// Some registries send signatures' tags to one place and digests to another, where they are missing. What came from the
/// origin is read from there, with all that it refers to.
final class SignedSource: WrappedSource {
    let base: any ContentSource
    private let origin: any ContentSource
    /// The digests that were found at the origin alone.
    private let ofOrigin = Mutex<Set<Digest>>([])

    init(_ base: any ContentSource, origin: any ContentSource) {
        self.base = base
        self.origin = origin
    }

    /// The base's repository has nothing of the origin's, so nothing can be mounted from it safely.
    var repository: RepositoryAddress? { nil }

    func tags() async throws -> [String] {
        let own = try await base.tags()
        let signatures = try await origin.tags().filter(TagSelection.isKeptForDigest)
        return Set(own + signatures).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    func resolve(_ name: String) async throws -> Descriptor {
        guard TagSelection.isKeptForDigest(name) else { return try await base.resolve(name) }
        do { return try await base.resolve(name) } catch  where Outcome(error) == .missing {
            let found = try await origin.resolve(name)
            ofOrigin.withLock { _ = $0.insert(found.digest) }
            return found
        }
    }

    func referrers(of subject: Digest) async throws -> [Descriptor] {
        let own = try await base.referrers(of: subject)
        let known = Set(own.map(\.digest))
        let others = try await origin.referrers(of: subject).filter { !known.contains($0.digest) }
        ofOrigin.withLock { $0.formUnion(others.map(\.digest)) }
        return own + others
    }

    func document(_ descriptor: Descriptor) async throws -> [UInt8] {
        guard isOfOrigin(descriptor.digest) else { return try await base.document(descriptor) }
        let bytes = try await origin.document(descriptor)
        let document = try CopyDocument(bytes, as: descriptor)
        ofOrigin.withLock { $0.formUnion((document.children + document.blobs).map(\.digest)) }
        return bytes
    }

    func withBlob<R: Sendable>(
        _ blob: Descriptor, from offset: Int64, _ use: @Sendable (BlobBody) async throws -> R
    ) async throws -> R {
        try await (isOfOrigin(blob.digest) ? origin : base).withBlob(blob, from: offset, use)
    }

    private func isOfOrigin(_ digest: Digest) -> Bool { ofOrigin.withLock { $0.contains(digest) } }
}
