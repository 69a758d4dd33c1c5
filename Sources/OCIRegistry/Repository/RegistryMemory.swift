import OCIModel
import Scheduling
import Synchronization

/// The knowledge about one registry gained in this run: which blobs are where, and which parts of the protocol it does
/// not support.
///
/// It is shared by all repositories of the registry, so that a blob pushed to one is mounted into the next.
package final class RegistryMemory: Sendable {
    private struct State {
        /// The blobs and documents known to exist, by repository.
        var present: [RepositoryName: Set<Digest>] = [:]
        /// A repository that has the blob.
        var holders: [Digest: RepositoryName] = [:]
        var refusedMounts: Set<RepositoryName> = []
        var takesChunks: Bool
        var postsAtOnce = AtOnce.untried
        var mayTagByDigest = true
        var newRepositories: [RepositoryName: Bool] = [:]
        var referrersAPI: [RepositoryName: Bool] = [:]
        /// The attached referrers that are not confirmed yet, by repository and subject.
        var attached: [RepositoryName: [Digest: AttachedReferrers]] = [:]
        /// The documents that tags were resolved to, so that the same bytes are not fetched again by digest.
        var documents: [RepositoryName: [Digest: RegistryRepository.FetchedDocument]] = [:]
        var documentBytes = 0
    }

    /// The knowledge about blobs in one POST.
    private enum AtOnce { case untried, beingTried, taken, refused }

    private static let documentBytesLimit = 8 << 20

    private let state: Mutex<State>
    /// The turns by what is being written: a blob of a repository, or a subject's list of referrers.
    let turns = Turns<String>()

    /// Creates an empty memory.
    ///
    /// - Parameter host: The registry as references name it; a few are known to lose the chunks of an upload.
    package init(host: String) {
        // Google's registries have no chunks, GitHub's overwrites the first with the second, Amazon's loses some of
        // them.
        let isKnown = ["ghcr.io", "gcr.io", ".gcr.io", ".pkg.dev", ".amazonaws.com"].contains {
            $0.hasPrefix(".") ? host.hasSuffix($0) : host == $0
        }
        state = Mutex(State(takesChunks: !isKnown))
    }

    func isPresent(_ digest: Digest, in repository: RepositoryName) -> Bool {
        state.withLock { $0.present[repository]?.contains(digest) ?? false }
    }

    func setPresent(_ digest: Digest, in repository: RepositoryName) {
        state.withLock {
            $0.present[repository, default: []].insert(digest)
            if $0.holders[digest] == nil { $0.holders[digest] = repository }
        }
    }

    /// Returns another repository from which the blob can be mounted.
    func holder(of digest: Digest, for repository: RepositoryName, orElse source: RepositoryName?) -> RepositoryName? {
        state.withLock { state in
            [state.holders[digest], source].compactMap { $0 }.first {
                $0 != repository && !state.refusedMounts.contains($0)
            }
        }
    }

    func mayMount(from repository: RepositoryName) -> Bool { state.withLock { !$0.refusedMounts.contains(repository) } }
    func setRefusedMount(from repository: RepositoryName) { state.withLock { _ = $0.refusedMounts.insert(repository) } }

    var takesChunks: Bool { state.withLock { $0.takesChunks } }
    func setRefusesChunks() { state.withLock { $0.takesChunks = false } }

    /// Returns whether a blob may be sent in one POST. As long as that is not known, one upload alone tries it: where
    /// it is in vain, the bytes are sent a second time.
    func mayPostAtOnce() -> Bool {
        state.withLock { state in
            if state.postsAtOnce == .untried {
                state.postsAtOnce = .beingTried
                return true
            }
            return state.postsAtOnce == .taken
        }
    }

    /// Whether the registry takes a blob in one POST; `nil` if that is not known.
    var takesAtOnce: Bool? {
        switch state.withLock({ $0.postsAtOnce }) {
        case .taken: true
        case .refused: false
        case .untried, .beingTried: nil
        }
    }

    func setTakesAtOnce(_ takes: Bool) { state.withLock { $0.postsAtOnce = takes ? .taken : .refused } }

    /// Whether the registry may set a tag with the PUT of a digest: nothing has shown that it does not.
    var mayTagByDigest: Bool { state.withLock { $0.mayTagByDigest } }
    func setTagsNotByDigest() { state.withLock { $0.mayTagByDigest = false } }

    func isNew(_ repository: RepositoryName) -> Bool? { state.withLock { $0.newRepositories[repository] } }
    func setNew(_ repository: RepositoryName, _ isNew: Bool) {
        state.withLock { $0.newRepositories[repository] = isNew }
    }

    /// Returns whether the repository has the referrers API; `nil` if that is not known yet.
    func hasReferrersAPI(_ repository: RepositoryName) -> Bool? { state.withLock { $0.referrersAPI[repository] } }
    func setReferrersAPI(_ repository: RepositoryName, _ has: Bool) {
        state.withLock { $0.referrersAPI[repository] = has }
    }

    func attached(to subject: Digest, in repository: RepositoryName) -> AttachedReferrers {
        state.withLock { $0.attached[repository]?[subject] ?? AttachedReferrers() }
    }

    /// Records the attached referrers; an empty value removes the record.
    func setAttached(_ attached: AttachedReferrers, to subject: Digest, in repository: RepositoryName) {
        state.withLock { $0.attached[repository, default: [:]][subject] = attached.entries.isEmpty ? nil : attached }
    }

    func attachedSubjects(in repository: RepositoryName) -> [Digest] {
        state.withLock { ($0.attached[repository] ?? [:]).keys.sorted { $0.hex < $1.hex } }
    }

    func document(_ digest: Digest?, in repository: RepositoryName) -> RegistryRepository.FetchedDocument? {
        guard let digest else { return nil }
        return state.withLock { $0.documents[repository]?[digest] }
    }

    func setDocument(_ document: RegistryRepository.FetchedDocument, in repository: RepositoryName) {
        state.withLock { state in
            if state.documentBytes + document.bytes.count > Self.documentBytesLimit {
                state.documents = [:]
                state.documentBytes = 0
            }
            state.documentBytes += document.bytes.count
            state.documents[repository, default: [:]][document.descriptor.digest] = document
        }
    }
}

/// The entries that a run has put into one subject's fallback list.
struct AttachedReferrers: Sendable {
    var entries: [Descriptor] = []
    /// The longest time between asking for the list and having written it.
    var slowest = Duration.zero
}
