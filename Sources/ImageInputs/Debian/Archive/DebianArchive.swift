import DurableFiles
package import ImageDefinition
import LayerArchive
package import OCIContent
import OCIModel
package import Scheduling
import Synchronization
import SystemPackage

/// The Debian archive as it is reached from this machine: its files, fetched from mirrors into the store.
package struct DebianArchive: Sendable {
    private let mirrors: DebianMirrors
    private let downloader: Downloader
    private let store: ContentStore
    private let pool: BlockingPool

    private static let releaseLimit: Int64 = 16 << 20

    package init(mirrors: DebianMirrors, downloader: Downloader, store: ContentStore, pool: BlockingPool) {
        self.mirrors = mirrors
        self.downloader = downloader
        self.store = store
        self.pool = pool
    }

    /// Fetches packages into the store, verified, several at a time. Those already in the store are not requested.
    ///
    /// - Parameters:
    ///   - packages: The packages of any platforms; one that several platforms share is fetched once.
    ///   - releases: The lock's Releases, whose dates determine where snapshot.debian.org keeps what mirrors dropped.
    ///   - progress: Receives the bytes that arrived for a package; negative numbers if bytes had to be dropped.
    /// - Throws: `ImageInputsError`; with `.notFound`, a package is gone from every place that answered.
    package func fetch(
        _ packages: [Lock.Package], releases: [Lock.Release],
        progress: @escaping @Sendable (Lock.Package, Int64) -> Void
    ) async throws {
        let dates = try releases.dates()
        var seen: Set<Digest> = []
        let missing = packages.filter {
            seen.insert($0.sha256).inserted && !store.contains($0.sha256, size: $0.size)
        }
        _ = try await mapConcurrently(missing, limit: Downloader.concurrencyLimit) { package in
            let candidates = try mirrors.candidates(
                for: package.path, in: try archive(package.archive), released: dates[package.suite])
            try await store.download(package.sha256, size: package.size) { path in
                try await downloader.fetch(
                    DownloadRequest(
                        subject: package.path.split(separator: "/").last.map(String.init) ?? package.name,
                        candidates: candidates, expected: .exactly(package.sha256, size: package.size),
                        destination: path, progress: { progress(package, $0) }))
            }
        }
    }

    /// Returns a resolver that takes Releases and indexes from this archive, and reports to `progress` what it is
    /// fetching. Indexes that mirrors lack, since they dropped or do not have them yet, come from snapshot.debian.org.
    package func resolver(
        verifier: ReleaseVerifier, progress: @escaping @Sendable (String) -> Void
    ) -> DebianResolver {
        DebianResolver(
            verifier: verifier, excerpts: excerpts,
            fetchRelease: { archive, suite, accept in
                progress("fetching the Release of \(suite)")
                return try await release(archive, suite, accept)
            },
            fetchIndex: { request in
                announce(request, progress)
                try await fetchIndex(request)
            },
            openIndex: openIndex)
    }

    /// Returns a resolver that reads the Releases of a lock's proof and the indexes that the lock names, and nothing
    /// newer. An index that the store lacks is fetched, from snapshot.debian.org too.
    ///
    /// `file` returns a file of the folder `lock/` by its relative path, or `nil` if it is missing.
    package func resolver(
        of lock: Lock, verifier: ReleaseVerifier, file: @escaping @Sendable (String) throws -> [UInt8]?,
        progress: @escaping @Sendable (String) -> Void
    ) -> DebianResolver {
        DebianResolver(
            verifier: verifier, excerpts: excerpts,
            fetchRelease: { archive, suite, accept in
                let path = LockProof.releasePath(archive: archive, suite: suite)
                guard let bytes = try file(path) else { throw ImageInputsError(.notFound, "lock/\(path) is missing") }
                return try await accept(bytes)
            },
            fetchIndex: { request in
                guard lock.releases.contains(where: { $0.indexes.contains { $0.sha256 == request.sha256 } }) else {
                    throw ImageInputsError(.notFound, "the lock was made without \(request.path)")
                }
                announce(request, progress)
                try await fetchIndex(request)
            },
            openIndex: openIndex)
    }

    private var excerpts: IndexExcerpts {
        let kind = "index-excerpts"
        return IndexExcerpts(
            recall: { [store] in store.record(kind, $0) }, remember: { [store] in try store.setRecord(kind, $0, $1) })
    }

    private var openIndex: @Sendable (IndexRequest, Int64) async throws -> [UInt8] {
        { [store, pool] index, limit in
            try await pool.run { flag in
                let copy = OpenFile(
                    store.path(of: index.sha256), try store.checkedCopy(of: index.sha256, size: index.size))
                return try DecompressedFile.contents(of: copy, limit: limit, isCancelled: { flag.isSet })
            }
        }
    }

    private func announce(_ request: IndexRequest, _ progress: (String) -> Void) {
        guard !store.contains(request.sha256, size: request.size) else { return }
        progress("fetching \(request.path), \(request.size / 1_000_000 + 1) MB")
    }

    /// Returns the Release of the first mirror whose text is accepted: one may be behind the others, or broken.
    private func release(
        _ archive: String, _ suite: String, _ accept: @escaping @Sendable ([UInt8]) async throws -> SignedRelease
    ) async throws -> SignedRelease {
        let candidates = try mirrors.candidates(for: "dists/\(suite)/InRelease", in: self.archive(archive))
        let accepted = Mutex<SignedRelease?>(nil)
        try await store.withTemporaryFile { path in
            _ = try await downloader.fetch(
                DownloadRequest(
                    subject: "the Release of \(suite)", candidates: candidates, expected: .upTo(Self.releaseLimit),
                    destination: path,
                    accept: {
                        let release = try await accept(FileSystem.read(path, limit: Self.releaseLimit) ?? [])
                        accepted.withLock { $0 = release }
                    }))
        }
        guard let release = accepted.withLock({ $0 }) else {
            throw ImageInputsError(.corrupt, "cannot fetch the Release of \(suite): nothing has judged it")
        }
        return release
    }

    private func fetchIndex(_ request: IndexRequest) async throws {
        let byHash = request.byHashPath == nil ? nil : request.sha256
        let candidates = try mirrors.candidates(
            for: request.path, in: archive(request.archive), byHash: byHash, released: request.released)
        try await store.download(request.sha256, size: request.size) { path in
            try await downloader.fetch(
                DownloadRequest(
                    subject: request.path, candidates: candidates,
                    expected: .exactly(request.sha256, size: request.size), destination: path))
        }
    }

    private func archive(_ name: String) throws -> DebianMirrors.Archive {
        guard let archive = DebianMirrors.Archive(rawValue: name) else {
            throw ImageInputsError(.invalidAddress, "the lock names an unknown archive '\(name)'")
        }
        return archive
    }
}

extension [Lock.Release] {
    /// Returns the date of each suite's Release, from which snapshot.debian.org keeps what it lists.
    fileprivate func dates() throws(ImageInputsError) -> [String: Timestamp] {
        var dates: [String: Timestamp] = [:]
        for release in self { dates[release.suite] = try release.timestamp() }
        return dates
    }
}
