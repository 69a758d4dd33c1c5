import DebianFormat
package import ImageDefinition
import OCIContent
package import OCIModel
import Scheduling
package import SystemPackage

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

    init(_ index: Lock.ListedFile, of release: SignedRelease) {
        let folder = "dists/\(release.suite)/" + index.path.split(separator: "/").dropLast().joined(separator: "/")
        archive = release.archive
        suite = release.suite
        path = "dists/\(release.suite)/\(index.path)"
        byHashPath = release.file.acquireByHash ? "\(folder)/by-hash/SHA256/\(index.sha256.hex)" : nil
        size = index.size
        sha256 = index.sha256
    }
}

/// Resolves a definition's packages by way of the signed archive. All that touches the world arrives as functions.
package struct DebianResolver: Sendable {
    /// Fetches the `InRelease` of an archive's suite, unverified.
    package var fetchRelease: @Sendable (_ archive: String, _ suite: String) async throws -> [UInt8]
    /// Fetches a file whose size and digest are then checked, still compressed.
    package var fetchIndex: @Sendable (IndexRequest) async throws -> FilePath
    /// Returns the contents of an xz file; fails if they are longer than `limit` bytes.
    package var decompress: @Sendable (_ file: FilePath, _ limit: Int64) async throws -> [UInt8]
    package var verifier: ReleaseVerifier

    package init(
        verifier: ReleaseVerifier,
        fetchRelease: @escaping @Sendable (_ archive: String, _ suite: String) async throws -> [UInt8],
        fetchIndex: @escaping @Sendable (IndexRequest) async throws -> FilePath,
        decompress: @escaping @Sendable (_ file: FilePath, _ limit: Int64) async throws -> [UInt8]
    ) {
        self.verifier = verifier
        self.fetchRelease = fetchRelease
        self.fetchIndex = fetchIndex
        self.decompress = decompress
    }

    /// Pins every package of every platform, and keeps the proof.
    ///
    /// An index that no mirror has may be missing if the definition accepts that, which the release's pin then
    /// records. No Release may be older than the one in the previous lock.
    ///
    /// - Throws: `ImageInputsError`; with the code `.unsatisfiable`, it lists the problems of all platforms.
    package func resolve(
        _ definition: Definition, now: Timestamp, previous: Lock?
    ) async throws -> DebianPins {
        let releases = try await releases(definition, now: now, previous: previous)
        return try await pins(
            of: definition, from: releases, for: definition.platforms, hosts: definition.otherHosts)
    }

    /// Pins the packages of some of a definition's platforms, and the Go toolchain of machines of other architectures.
    func pins(
        of definition: Definition, from releases: [SignedRelease], for platforms: [Platform], hosts: [String]
    ) async throws -> DebianPins {
        var files = try await indexFiles(definition, releases, platforms, hosts)
        var outcome = ResolutionOutcome(releases: releases)
        for platform in platforms {
            try Task.checkCancellation()
            // One architecture at a time: its indexes take 100 MB of memory, which are freed before the next.
            let indexes = try await indexes(of: platform, in: definition, releases, &files)
            try outcome.add(definition, platform, indexes)
        }
        for host in hosts {
            try Task.checkCancellation()
            guard let indexes = try await toolchainIndexes(of: host, in: definition, releases, files) else { continue }
            try outcome.addHost(definition, host, indexes)
        }
        return try outcome.finish(definition.name)
    }

    private func releases(
        _ definition: Definition, now: Timestamp, previous: Lock?
    ) async throws -> [SignedRelease] {
        let accepted = definition.debian?.acceptExpired ?? []
        let expectations = try definition.debianSuites.map { suite in
            let archive = SignedRelease.archive(of: suite)
            let before = previous?.releases.first { $0.archive == archive && $0.suite == suite }
            return ReleaseExpectation(
                suite: suite, now: now, acceptExpired: accepted.contains(suite),
                previousDate: try before.map { try $0.timestamp() })
        }
        return try await mapConcurrently(expectations, limit: 4) { expected in
            let bytes = try await fetchRelease(SignedRelease.archive(of: expected.suite), expected.suite)
            return try await SignedRelease(bytes, expected: expected, verifier: verifier)
        }
    }
}
