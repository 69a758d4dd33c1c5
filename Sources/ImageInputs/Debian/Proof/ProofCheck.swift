import DebianFormat
import ImageDefinition
import OCIModel

/// One pass over a lock, which collects problems instead of stopping at the first.
struct ProofCheck {
    let lock: Lock
    var problems: [String] = []
    /// The kept stanzas of each index that its Release lists.
    var stanzas: [IndexSource: PackagesIndex] = [:]

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

    mutating func compare(_ release: Lock.Release, with signed: SignedRelease) {
        let what = "the Release of \(release.suite)"
        let contents = signed.file
        if SignedRelease.archive(of: release.suite) != release.archive {
            problems.append("\(release.suite) is not a suite of the archive \(release.archive)")
        }
        let dates = contents.date.description == release.date && contents.validUntil?.description == release.validUntil
        if !dates { problems.append("\(what) has other dates than the lock records") }
        if contents.version != release.version { problems.append("\(what) has another version than the lock records") }
        if Set(release.signedBy) != Set(signed.signers) {
            problems.append(
                "\(what) is signed by \(signed.signers.joined(separator: ", ")), not by the keys that the lock names")
        }
        for path in release.missingIndexes ?? [] where contents.files[path] == nil {
            problems.append("\(what) does not list \(path), which the lock records as missing")
        }
    }

    mutating func compare(
        _ index: Lock.ListedFile, of release: SignedRelease, _ file: (String) throws -> [UInt8]?
    ) {
        guard release.file.files[index.path] == SuiteRelease.File(size: index.size, sha256: index.sha256) else {
            problems.append(
                "the Release of \(release.suite) does not list \(index.path) with the locked size and digest")
            return
        }
        let source = IndexSource(index, of: release)
        guard packages.contains(where: { $0.package.source == source }) else { return }
        let path = LockProof.stanzasPath(archive: release.archive, suite: release.suite, index: index.path)
        guard let bytes = read(path, file) else { return }
        do { stanzas[source] = try PackagesIndex(bytes) } catch { problems.append("lock/\(path): \(error)") }
    }
}
