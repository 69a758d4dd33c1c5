import DebianFormat
package import ImageDefinition
import OCIModel

extension LockProof {
    /// Follows the whole chain again: signature → Release → index → stanza → package. It needs no network and no date,
    /// because what was signed stays signed.
    ///
    /// `file` returns a file of the folder `lock/` by its relative path, or `nil` if it is missing. `fullIndex` returns
    /// the decompressed `Packages` file if it is available: only then is each stanza tied to the digest in the Release.
    /// A caller that returns `nil` has to say that the stanzas of that index are not proven.
    ///
    /// - Returns: All problems, each with the file or package concerned; none for a good proof.
    package static func verify(
        _ lock: Lock, verifier: ReleaseVerifier, file: (String) throws -> [UInt8]?,
        fullIndex: (Lock.Release, Lock.ListedFile) throws -> [UInt8]? = { _, _ in nil }
    ) async -> [String] {
        var check = ProofCheck(lock: lock)
        for release in lock.releases {
            guard check.isPlain(release), let bytes = check.read(release, file) else { continue }
            do {
                let verified = try await verifier.verify(bytes, of: "the Release of \(release.suite)", keptProof: true)
                let contents = try ReleaseFile(signedText: verified.bytes)
                check.compare(release, with: contents, signers: verified.signers)
                check.compareMissing(release, with: contents)
                for index in release.indexes { check.compare(index, of: release, with: contents, file, fullIndex) }
            } catch {
                check.problems.append("\(error)")
            }
        }
        check.compareIndexes()
        check.comparePackages()
        return check.problems
    }
}
