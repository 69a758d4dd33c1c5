import DebianFormat
package import ImageDefinition
import OCIContent
package import OCIModel
import Scheduling

/// A request for a `Packages.xz` of exactly this size and digest, whatever the mirror has made of it since.
package struct IndexRequest: Hashable, Sendable {
    /// The archive: `debian` or `debian-security`.
    package var archive: String
    package var suite: String
    /// The path relative to the archive's root: `dists/trixie/main/binary-amd64/Packages.xz`.
    package var path: String
    /// The same file's path by its digest, to be tried first: it stays valid when the mirror is updated.
    package var byHashPath: String?
    /// The size in bytes.
    package var size: Int64
    package var sha256: Digest
    /// The date of the Release that lists it, from which snapshot.debian.org keeps it.
    package var released: Timestamp

    init(_ index: Lock.ListedFile, of release: SignedRelease) {
        let folder = "dists/\(release.suite)/" + index.path.split(separator: "/").dropLast().joined(separator: "/")
        archive = release.archive
        suite = release.suite
        path = "dists/\(release.suite)/\(index.path)"
        byHashPath = release.file.acquireByHash ? "\(folder)/by-hash/SHA256/\(index.sha256.hex)" : nil
        size = index.size
        sha256 = index.sha256
        released = release.file.date
    }
}

/// Resolves a definition's packages by way of the signed archive. All that touches the world arrives as functions.
package struct DebianResolver: Sendable {
    package typealias FetchRelease =
        @Sendable (
            _ archive: String, _ suite: String, _ accept: @escaping @Sendable ([UInt8]) async throws -> SignedRelease
        ) async throws -> SignedRelease

    /// Fetches the `InRelease` of an archive's suite, from the first place whose text is accepted.
    package var fetchRelease: FetchRelease
    /// Fetches an index, still compressed, and checks its size and digest.
    package var fetchIndex: @Sendable (IndexRequest) async throws -> Void
    /// Returns the contents of a fetched index, whose bytes are checked again; fails if they are longer than `limit`
    /// bytes.
    package var openIndex: @Sendable (_ index: IndexRequest, _ limit: Int64) async throws -> [UInt8]
    package var verifier: ReleaseVerifier
    /// Excerpts of indexes that were asked before; `nil` to decode every index.
    package var excerpts: IndexExcerpts?

    package init(
        verifier: ReleaseVerifier, excerpts: IndexExcerpts? = nil,
        fetchRelease: @escaping FetchRelease,
        fetchIndex: @escaping @Sendable (IndexRequest) async throws -> Void,
        openIndex: @escaping @Sendable (_ index: IndexRequest, _ limit: Int64) async throws -> [UInt8]
    ) {
        self.verifier = verifier
        self.excerpts = excerpts
        self.fetchRelease = fetchRelease
        self.fetchIndex = fetchIndex
        self.openIndex = openIndex
    }

    /// Pins every package of every platform, or of those in `platforms`, and keeps the proof.
    ///
    /// An index that no mirror has may be missing if the definition accepts that, which the release's pin then
    /// records. No Release may be older than the one in the previous lock. The Releases in `kept`, on which the other
    /// platforms rest, are taken instead of those of today. The index of one of `substitutes`, by default the
    /// definition's platforms, replaces a missing one.
    ///
    /// - Throws: `ImageInputsError`; with the code `.unsatisfiable`, it lists the problems of all platforms.
    package func resolve(
        _ definition: Definition, platforms: [Platform]? = nil, now: Timestamp, previous: Lock?,
        kept: [KeptRelease] = [], substitutes: [Platform]? = nil
    ) async throws -> DebianPins {
        let releases = try await releases(definition, now: now, previous: previous, kept)
        return try await pins(
            of: definition, from: releases, for: platforms ?? definition.platforms, hosts: definition.otherHosts,
            substitutes: substitutes ?? definition.platforms)
    }

    /// Pins the packages of some of a definition's platforms, and the Go toolchain of machines of other architectures.
    ///
    /// Indexes that were asked the same before need not be decoded: their excerpts answer. If one of those is asked
    /// anything else, everything is resolved again from the whole indexes.
    func pins(
        of definition: Definition, from releases: [SignedRelease], for platforms: [Platform], hosts: [String],
        substitutes: [Platform]
    ) async throws -> DebianPins {
        let (recalled, isWhole) = try await outcome(
            definition, releases, platforms, hosts, substitutes, isRecalling: excerpts != nil)
        if isWhole { return try recalled.finish(definition.name) }
        return try await outcome(definition, releases, platforms, hosts, substitutes, isRecalling: false).outcome
            .finish(definition.name)
    }

    /// - Returns: What was found, and whether it is all: `false` if an excerpt was asked what it does not know.
    private func outcome(
        _ definition: Definition, _ releases: [SignedRelease], _ platforms: [Platform], _ hosts: [String],
        _ substitutes: [Platform], isRecalling: Bool
    ) async throws -> (outcome: ResolutionOutcome, isWhole: Bool) {
        var files = try await indexFiles(definition, releases, platforms, hosts, isRecalling: isRecalling)
        var outcome = ResolutionOutcome(releases: releases)
        func isWhole(_ indexes: SuiteIndexes) throws -> Bool {
            guard !indexes.hasMissed else { return false }
            if let excerpts { try indexes.remember(in: excerpts) }
            return true
        }
        for platform in definition.platforms where !platforms.contains(platform) { try outcome.addPinned(platform) }
        for platform in platforms {
            try Task.checkCancellation()
            // One architecture at a time: its indexes take 100 MB of memory, which are freed before the next.
            let indexes = try await indexes(of: platform, in: definition, or: substitutes, releases, &files)
            try outcome.add(definition, platform, indexes)
            guard try isWhole(indexes) else { return (outcome, false) }
        }
        for host in hosts {
            try Task.checkCancellation()
            guard let indexes = try await toolchainIndexes(of: host, in: definition, releases, files) else { continue }
            try outcome.addHost(definition, host, indexes)
            guard try isWhole(indexes) else { return (outcome, false) }
        }
        return (outcome, true)
    }

    private func releases(
        _ definition: Definition, now: Timestamp, previous: Lock?, _ kept: [KeptRelease]
    ) async throws -> [SignedRelease] {
        let accepted = definition.debian?.acceptExpired ?? []
        return try await mapConcurrently(definition.suites, limit: 4) { suite in
            let archive = SignedRelease.archive(of: suite)
            if let kept = kept.first(where: { $0.release.archive == archive && $0.release.suite == suite }) {
                return try await kept.signed(verifier)
            }
            let before = previous?.releases.first { $0.archive == archive && $0.suite == suite }
            let expected = ReleaseExpectation(
                suite: suite, now: now, acceptExpired: accepted.contains(suite),
                previousDate: try before.map { try $0.timestamp() })
            return try await fetchRelease(archive, suite) { bytes in
                try await SignedRelease(bytes, expected: expected, verifier: verifier)
            }
        }
    }
}

/// A Release that was locked, with its text from the lock's proof.
package struct KeptRelease: Sendable {
    package var release: Lock.Release
    package var bytes: [UInt8]

    package init(_ release: Lock.Release, bytes: [UInt8]) {
        self.release = release
        self.bytes = bytes
    }

    fileprivate func signed(_ verifier: ReleaseVerifier) async throws -> SignedRelease {
        guard Digest(of: bytes) == release.inRelease else {
            throw ImageInputsError(
                .corrupt, "the Release of \(release.suite) beside the lock is not the one that was locked",
                hint: "restore the lock and its proof, or lock all platforms anew")
        }
        return try await SignedRelease(kept: bytes, of: release, verifier: verifier)
    }
}
