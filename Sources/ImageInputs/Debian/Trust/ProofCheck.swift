import DebianFormat
import ImageDefinition
import OCIModel

/// One pass over a lock, which collects problems instead of stopping at the first.
struct ProofCheck {
    let lock: Lock
    var problems: [String] = []
    /// The stanzas whose chain to a signature is proven.
    var proven: [IndexSource: PackagesIndex] = [:]

    /// Returns whether a name from a lock is safe. Such names become paths and URLs, and a lock is a file that anyone
    /// may have edited.
    mutating func isPlain(_ release: Lock.Release) -> Bool {
        let names = ["\(release.archive)/\(release.suite)"] + release.indexes.map(\.path)
        guard let odd = names.first(where: { !$0.isPlainPath }) else { return true }
        problems.append("the lock contains the name '\(odd.prefix(120))', which could leave its folder")
        return false
    }

    mutating func read(_ release: Lock.Release, _ file: (String) throws -> [UInt8]?) -> [UInt8]? {
        let path = LockProof.releasePath(archive: release.archive, suite: release.suite)
        guard let bytes = read(path, file) else { return nil }
        guard Digest(of: bytes) == release.inRelease else {
            problems.append("lock/\(path) is not the Release that was locked: its digest differs")
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
        if !dates { problems.append("\(what) has other dates than the lock records") }
        if contents.version != release.version { problems.append("\(what) has another version than the lock records") }
        if Set(release.signedBy) != Set(signers) {
            problems.append(
                "\(what) is signed by \(signers.joined(separator: ", ")), not by the keys that the lock names")
        }
    }

    mutating func compare(
        _ index: Lock.ListedFile, of release: Lock.Release, with contents: ReleaseFile,
        _ file: (String) throws -> [UInt8]?, _ fullIndex: (Lock.Release, Lock.ListedFile) throws -> [UInt8]?
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
                problems.append("lock/\(path) contains a stanza of \(name) that the signed index lacks")
            }
        }
    }
}
