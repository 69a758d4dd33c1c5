import OCIContent
import OCIModel
import OCIRegistry
import Scheduling
import Synchronization

/// A source whose tags are listed at most once in a run: every image of a repository asks which of them are signatures.
final class ListedSource: WrappedSource {
    let base: any ContentSource
    private let listing = Mutex<[String]?>(nil)
    private let turns = Turns<OnlyKey>()
    private let hasAsked = Mutex(false)
    private let questions = Turns<OnlyKey>()

    init(_ base: any ContentSource) { self.base = base }

    /// Returns the referrers of a document. Where they are listed under its tag, nothing is asked for a tag that is not
    /// there.
    func referrers(of subject: Digest) async throws -> [Descriptor] {
        // The first question shows how a repository lists them; it is not asked by several at once. One that fails shows
        // that there is nothing to wait for.
        if !hasAsked.withLock({ $0 }) {
            return try await questions.take {
                defer { hasAsked.withLock { $0 = true } }
                return try await listed(subject)
            }
        }
        return try await listed(subject)
    }

    private func listed(_ subject: Digest) async throws -> [Descriptor] {
        guard let repository = base as? RegistryRepository else { return try await base.referrers(of: subject) }
        return try await repository.referrers(of: subject) { try await tags().hasTag($0.description) }
    }

    func tags() async throws -> [String] {
        try await turns.take {
            if let known = listing.withLock({ $0 }) { return known }
            let tags = try await base.tags()
            listing.withLock { $0 = tags }
            return tags
        }
    }
}
