import ImageDefinition
import ImageInputs
import LayerArchive
import OCIContent
import OCIModel

/// The result of a lock's check.
package struct LockCheck: Sendable {
    /// The points that do not hold, or are not as they were, in words.
    package var problems: [String] = []
    /// The indexes that could not be read, by suite and path: that the lock is what they resolve to is not proven.
    package var unproven: [String] = []
}

/// Follows a lock back to what vouches for it: packages to Debian's signatures, release archives to the definition's
/// sums, base images to the definition's digests.
struct LockProver: Sendable {
    let folder: ImageFolder
    let sources: InputSources
    let isOffline: Bool
    let note: @Sendable (String) -> Void
    let stage: StageObserver

    private var store: ContentStore { sources.store }

    /// Checks everything that is locked for some platforms. Fetches locked indexes that the store lacks, unless
    /// `isOffline`.
    func check(_ lock: Lock, for platforms: [Platform]) async throws -> LockCheck {
        let whole = folder.definition
        let definition = whole.restricted(to: lock.platforms(of: whole))
        var found = LockCheck(problems: lock.discrepancies(from: definition, for: platforms, partOf: whole))
        found.problems += try await folder.baseImageProblems(lock, for: platforms)
        guard found.problems.isEmpty else { return found }
        let hosts = hosts(lock, platforms)
        let file: @Sendable (String) throws -> [UInt8]? = { try folder.proofFile($0) }
        let absent = LockProof.indexes(of: lock, in: definition, for: platforms, hosts: hosts).filter { _, index in
            !store.contains(index.sha256, size: index.size)
        }
        if isOffline, !absent.isEmpty {
            found.unproven = absent.map { "\($0.suite), \($1.path)" }
            // What can be told without indexes is told.
            found.problems = try await LockProof.verify(
                lock, of: definition, for: [], hosts: [], with: resolver(lock, file), file: file)
            return found
        }
        found.problems = try await LockProof.verify(
            lock, of: definition, for: platforms, or: whole.platforms, hosts: hosts, with: resolver(lock, file),
            file: file)
        return found
    }

    private func resolver(
        _ lock: Lock, _ file: @escaping @Sendable (String) throws -> [UInt8]?
    ) -> DebianResolver {
        sources.debian.resolver(of: lock, verifier: sources.verifier, file: file, progress: note)
    }

    /// The machines whose Go toolchain is proven besides the platforms' own: this one, if it may compile.
    private func hosts(_ lock: Lock, _ platforms: [Platform]) -> [String] {
        let own = sources.host.architecture
        guard lock.toolchainPackages(host: own) != nil, !platforms.contains(where: { $0.architecture == own }) else {
            return []
        }
        return [own]
    }
}

extension LockProver {
    private static let kind = "proofs"

    /// Proves what a build takes from a lock before it is used for the first time, and remembers it.
    ///
    /// - Throws: `ImageBuildingError`: `stale` if the lock does not answer its definition or its proof does not hold,
    ///   `offline` if a locked index is not in the store; `ImageInputsError(.notFound)` if an index is gone from
    ///   every place that answered.
    func prove(_ file: LockFile, for platforms: [Platform]) async throws {
        let keys = try keys(file, platforms)
        let unproven = zip(platforms, keys).filter { store.record(Self.kind, $1) == nil }
        guard !unproven.isEmpty else { return }
        let found = try await stage("proving the lock, back to Debian's signatures and the definition's digests") {
            try await check(file.lock, for: unproven.map(\.0))
        }
        guard found.problems.isEmpty else {
            throw ImageBuildingError(
                .stale,
                "the lock of \(folder.definition.name) is not proven:\n"
                    + found.problems.map { "  \($0)" }.joined(separator: "\n"),
                hint: "find out who changed the lock or the definition; 'imagebuild lock' makes the lock anew")
        }
        guard found.unproven.isEmpty else {
            throw ImageBuildingError.offline(
                "the signed indexes that prove the lock, " + found.unproven.joined(separator: "; "))
        }
        for (_, key) in unproven { try store.setRecord(Self.kind, key, []) }
    }

    /// Remembers the proof of those platforms of a lock that were just pinned from what it names.
    func remember(_ file: LockFile, for platforms: [Platform]) throws {
        for key in try keys(file, platforms) { try store.setRecord(Self.kind, key, []) }
    }

    /// Returns what a proof rests on, for each platform: the lock, what the definition asks for, the trusted keys, and
    /// the program that judges.
    private func keys(_ file: LockFile, _ platforms: [Platform]) throws -> [Digest] {
        let common = [
            "proof 1", sources.host.toolIdentity, Digest(of: file.bytes).hex,
            try folder.definition.requirementsDigest.hex, try sources.verifier.trust.hex, sources.host.architecture,
        ]
        return platforms.map { Digest(of: (common + [$0.description]).joined(separator: "\n").utf8) }
    }
}
