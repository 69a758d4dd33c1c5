import DebianFormat
package import ImageDefinition
package import OCIModel
import Scheduling

extension LockProof {
    /// Follows the whole chain of a lock's Debian packages again: signature → Release → index → the packages that the
    /// definition resolves to. No date counts, because what was signed stays signed.
    ///
    /// The packages are not compared one by one with what vouches for them: the definition is resolved anew from the
    /// locked Releases and indexes, and the result has to be the lock. So nothing that was signed, but is not what the
    /// definition asks for, passes either.
    ///
    /// - Parameters:
    ///   - lock: The lock.
    ///   - definition: The definition that the lock claims to answer.
    ///   - platforms: The platforms whose packages are followed back; signatures and stanzas are checked for all.
    ///   - substitutes: The platforms whose indexes may have replaced missing ones.
    ///   - hosts: The architectures of machines whose Go toolchain is followed back besides the platforms' own.
    ///   - resolver: Reads the proof's Releases and the locked indexes.
    ///   - file: Returns a file of the folder `lock/` by its relative path, or `nil` if it is missing.
    /// - Returns: All problems, each with the file or package concerned; none for a good proof.
    /// - Throws: The resolver's error if a locked index cannot be read: then nothing is said about the lock.
    package static func verify(
        _ lock: Lock, of definition: Definition, for platforms: [Platform],
        or substitutes: [Platform]? = nil, hosts: [String],
        with resolver: DebianResolver, file: (String) throws -> [UInt8]?
    ) async throws -> [String] {
        var check = ProofCheck(lock: lock)
        let releases = try await check.signedReleases(resolver.verifier, file)
        check.compareIndexes()
        check.comparePackages()
        guard check.problems.isEmpty else { return check.problems }
        do {
            let pins = try await resolver.pins(
                of: definition, from: releases, for: platforms, hosts: hosts,
                substitutes: substitutes ?? definition.platforms)
            check.compare(pins, for: platforms)
        } catch let error as ImageInputsError where error.code == .unsatisfiable {
            check.problems.append(error.message)
        }
        return check.problems
    }

    /// Returns the locked indexes that `verify` reads, each once.
    package static func indexes(
        of lock: Lock, in definition: Definition, for platforms: [Platform], hosts: [String]
    ) -> [(release: Lock.Release, index: Lock.ListedFile)] {
        let own = platforms.map { (path: indexPath(for: $0.architecture), suites: definition.suites(for: $0)) }
        let others = hosts.map { indexPath(for: $0) }
        return lock.releases.flatMap { release in
            let needed = own.filter { $0.suites.contains(release.suite) }.map(\.path)
            // A platform without an index of its own takes what it can from the others'.
            let isReplaced = needed.contains { release.missingIndexes?.contains($0) == true }
            return release.indexes.filter {
                isReplaced || needed.contains($0.path)
                    || others.contains($0.path) && definition.goSuites.contains(release.suite)
            }.map { (release, $0) }
        }
    }
}

extension ProofCheck {
    /// Checks every Release with its signature and its indexes' stanzas.
    ///
    /// - Returns: The Releases that are good; all of them if there are no problems.
    mutating func signedReleases(
        _ verifier: ReleaseVerifier, _ file: (String) throws -> [UInt8]?
    ) async throws -> [SignedRelease] {
        let kept = lock.releases.compactMap { release in
            isPlain(release) ? read(release, file).map { (release: release, bytes: $0) } : nil
        }
        // Each signature is a run of gpgv.
        let verified = try await mapConcurrently(kept, limit: 8) { kept -> Result<SignedRelease, any Error> in
            do {
                return .success(try await SignedRelease(kept: kept.bytes, of: kept.release, verifier: verifier))
            } catch {
                try Task.checkCancellation()
                return .failure(error)
            }
        }
        var good: [SignedRelease] = []
        for ((release, _), result) in zip(kept, verified) {
            do {
                let signed = try result.get()
                compare(release, with: signed)
                for index in release.indexes { compare(index, of: signed, file) }
                good.append(signed)
            } catch { problems.append("\(error)") }
        }
        return good
    }

    /// Checks that the lock is what its definition resolves to.
    mutating func compare(_ pins: DebianPins, for platforms: [Platform]) {
        var resolved = lock
        for platform in platforms {
            let name = platform.description
            let packages = pins.platforms[platform] ?? .init()
            resolved.platforms[name] = Lock.PlatformInputs(packages, baseImage: lock.platforms[name]?.baseImage)
        }
        if !pins.toolchains.isEmpty {
            resolved.toolchains = (lock.toolchains ?? [:]).merging(pins.toolchains) { _, resolved in resolved }
        }
        let changes = lock.staleness(against: resolved)
        problems += changes.map { "the locked indexes resolve to something else: \($0)" }
        if changes.isEmpty, lock.sorted() != resolved.sorted() {
            problems.append("the locked indexes resolve to other lists of packages than the lock has")
        }
    }
}
