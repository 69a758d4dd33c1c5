package import ImageDefinition
import OCIModel

extension LockProof {
    /// Follows the whole chain again: signature → Release → index → stanza → package. Needs no network, and no date:
    /// what was signed stays signed.
    ///
    /// `file` gives a file of the folder `lock/` by its relative path, or `nil` where it is missing. `fullIndex`
    /// gives the decompressed `Packages` file where it is at hand: only then is each stanza tied to the digest in the
    /// Release; without it, the stanzas are believed as they were when locked.
    ///
    /// - Returns: All that is wrong, each with the file or package concerned; empty for a good proof.
    package static func verify(
        _ lock: Lock, verifier: ReleaseVerifier, file: (String) throws -> [UInt8]?,
        fullIndex: (Lock.Release, Lock.PackagesIndex) throws -> [UInt8]? = { _, _ in nil }
    ) async -> [String] {
        var check = ProofCheck(lock: lock)
        for release in lock.releases {
            guard check.isPlain(release), let bytes = check.read(release, file) else { continue }
            do {
                let verified = try await verifier.verify(bytes, of: "the Release of \(release.suite)", keptProof: true)
                let contents = try ReleaseFile(signedText: verified.bytes)
                check.compare(release, with: contents, signers: verified.signers)
                for index in release.indexes { check.compare(index, of: release, with: contents, file, fullIndex) }
            } catch {
                check.problems.append("\(error)")
            }
        }
        check.comparePackages()
        return check.problems
    }
}

/// One pass over a lock; collects problems instead of stopping at the first.
private struct ProofCheck {
    let lock: Lock
    var problems: [String] = []
    /// The stanzas whose way to a signature is proven.
    var proven: [IndexSource: PackagesIndex] = [:]

    mutating func isPlain(_ release: Lock.Release) -> Bool {
        let names = ["\(release.archive)/\(release.suite)"] + release.indexes.map(\.path)
        guard let odd = names.first(where: { !LockProof.isPlain($0) }) else { return true }
        problems.append("the lock holds the name '\(odd.prefix(120))', which could leave its folder")
        return false
    }

    mutating func read(_ release: Lock.Release, _ file: (String) throws -> [UInt8]?) -> [UInt8]? {
        let path = LockProof.releasePath(archive: release.archive, suite: release.suite)
        guard let bytes = read(path, file) else { return nil }
        guard Digest(of: bytes) == release.inRelease else {
            problems.append("lock/\(path) is not the Release that was locked: its digest is another")
            return nil
        }
        return bytes
    }

    private mutating func read(_ path: String, _ file: (String) throws -> [UInt8]?) -> [UInt8]? {
        do {
            if let bytes = try file(path) { return bytes }
            problems.append("lock/\(path) is missing")
        } catch {
            problems.append("cannot read lock/\(path): \(error)")
        }
        return nil
    }

    mutating func compare(_ release: Lock.Release, with contents: ReleaseFile, signers: [String]) {
        let what = "the Release of \(release.suite)"
        do { try contents.checkName(release.suite) } catch { problems.append("\(error)") }
        if SignedRelease.archive(of: release.suite) != release.archive {
            problems.append("\(release.suite) is not a suite of the archive \(release.archive)")
        }
        let dates = contents.date.description == release.date && contents.validUntil?.description == release.validUntil
        if !dates { problems.append("\(what) has other dates than the lock says") }
        if contents.version != release.version { problems.append("\(what) has another version than the lock says") }
        if Set(release.signedBy) != Set(signers) {
            problems.append(
                "\(what) is signed by \(signers.joined(separator: ", ")), not by the keys that the lock names")
        }
    }

    mutating func compare(
        _ index: Lock.PackagesIndex, of release: Lock.Release, with contents: ReleaseFile,
        _ file: (String) throws -> [UInt8]?, _ fullIndex: (Lock.Release, Lock.PackagesIndex) throws -> [UInt8]?
    ) {
        let source = IndexSource(archive: release.archive, suite: release.suite, path: index.path)
        guard contents.files[index.path] == ReleaseFile.File(size: index.size, sha256: index.sha256) else {
            problems.append(
                "the Release of \(release.suite) does not list \(index.path) with the locked size and digest")
            return
        }
        guard packages.contains(where: { $0.package.source == source }) else { return }
        let path = LockProof.stanzasPath(archive: release.archive, suite: release.suite, index: index.path)
        guard let bytes = read(path, file) else { return }
        do {
            let stanzas = try PackagesIndex(bytes)
            if let full = try fullIndex(release, index) {
                try contents.checkUncompressed(full, of: index.path, suite: release.suite)
                try compare(bytes, with: PackagesIndex(full), path)
            }
            proven[source] = stanzas
        } catch {
            problems.append("\(error)")
        }
    }

    private mutating func compare(_ stanzas: [UInt8], with full: PackagesIndex, _ path: String) throws {
        for stanza in StanzaReader(stanzas[...]) {
            let name = try stanza.required("Package")
            if !full.stanzas(of: name).contains(stanza) {
                problems.append("lock/\(path) holds a stanza of \(name) that the signed index does not have")
            }
        }
    }

    private var packages: [(platform: String, package: Lock.Package)] {
        lock.platforms.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.flatMap { platform, inputs in
            let bundled = inputs.bundle.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.flatMap(\.value)
            return (inputs.base + bundled).map { (platform, $0) }
        }
    }

    /// Each locked package must be, field by field, what a proven stanza says.
    mutating func comparePackages() {
        for (platform, package) in packages {
            let what = "\(package.name) \(package.version) of \(platform)"
            guard let architecture = (try? Platform(platform))?.debianArchitecture,
                [architecture, "all"].contains(package.architecture), package.index.contains("/binary-\(architecture)/")
            else {
                problems.append(
                    "\(what) is locked for another architecture: \(package.architecture) from \(package.index)")
                continue
            }
            guard let index = proven[package.source] else {
                problems.append("\(what) has no proof: \(package.index) of \(package.suite) is not proven")
                continue
            }
            let isProven = index.stanzas(of: package.name).contains { stanza in
                guard let stated = try? DebianPackage(stanza) else { return false }
                return Lock.Package(Candidate(package: stated, source: package.source)) == package
            }
            if !isProven { problems.append("\(what) is not what its stanza says (version, path, size and digest)") }
        }
    }
}

extension Lock.Package {
    /// Where the stanza is.
    var source: IndexSource { IndexSource(archive: archive, suite: suite, path: index) }
}
