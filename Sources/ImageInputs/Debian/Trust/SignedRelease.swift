package import DebianFormat
package import ImageDefinition
import OCIModel

/// A fetched Release whose signature, name and dates are good.
package struct SignedRelease: Sendable {
    /// The archive: `debian` or `debian-security`.
    package var archive: String
    /// The suite as it was requested.
    package var suite: String
    /// The whole `InRelease`, for the proof.
    package var bytes: [UInt8]
    package var file: SuiteRelease
    package var signers: [String]
    package var acceptedExpired: Bool

    /// Returns the archive that serves a suite: security suites have their own.
    package static func archive(of suite: String) -> String {
        suite.hasSuffix("-security") ? "debian-security" : "debian"
    }

    /// Verifies the signature, then reads what it covers, then checks that against the expectation.
    ///
    /// - Throws: `ImageInputsError` with the reason why the Release is refused.
    package init(_ bytes: [UInt8], expected: ReleaseExpectation, verifier: ReleaseVerifier) async throws {
        let what = "the Release of \(expected.suite)"
        let verified = try await verifier.verify(bytes, of: what)
        archive = Self.archive(of: expected.suite)
        suite = expected.suite
        self.bytes = bytes
        (file, acceptedExpired) = try ImageInputsError.mapping { () throws(DebianFormatError) in
            let file = try SuiteRelease(signedText: verified.bytes)
            return (file, try file.check(expected))
        }
        signers = verified.signers
    }

    /// Verifies the signature of a Release that a lock's proof keeps, then reads what it covers. Its dates were judged
    /// when it was locked, and a key that has expired since does not count against it.
    init(kept bytes: [UInt8], of pin: Lock.Release, verifier: ReleaseVerifier) async throws {
        let verified = try await verifier.verify(bytes, of: "the Release of \(pin.suite)", keptProof: true)
        archive = pin.archive
        suite = pin.suite
        self.bytes = bytes
        file = try ImageInputsError.mapping { () throws(DebianFormatError) in
            let file = try SuiteRelease(signedText: verified.bytes)
            try file.checkName(pin.suite)
            return file
        }
        acceptedExpired = pin.acceptedExpired ?? false
        signers = verified.signers
    }

    static func indexPath(for architecture: String) -> String { "main/binary-\(architecture)/Packages.xz" }

    /// Returns the suite's `Packages.xz` of the component main for a Debian architecture.
    package func index(for architecture: String) throws -> Lock.ListedFile {
        let path = Self.indexPath(for: architecture)
        guard let entry = file.files[path] else {
            throw ImageInputsError(
                .notFound, "suite \(suite) has no packages for \(architecture): its Release does not list \(path)",
                hint: "remove the architecture from the definition's platforms, or the suite from its suites")
        }
        return Lock.ListedFile(path: path, size: entry.size, sha256: entry.sha256)
    }

    /// Returns the record of this Release for the lock.
    package func locked(indexes: [Lock.ListedFile], missing: [String] = []) -> Lock.Release {
        Lock.Release(
            archive: archive, suite: suite, version: file.version, date: file.date.description,
            validUntil: file.validUntil?.description, acceptedExpired: acceptedExpired ? true : nil, signedBy: signers,
            inRelease: Digest(of: bytes),
            indexes: indexes.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) },
            missingIndexes: missing.isEmpty ? nil : missing.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
    }
}

extension Lock.Release {
    /// Returns the locked date; a malformed one is refused, since it would let any older Release pass.
    func timestamp() throws(ImageInputsError) -> Timestamp {
        guard let timestamp = Timestamp(canonical: date) else {
            throw ImageInputsError(
                .corrupt,
                "the lock's date of \(suite), '\(date.prefix(80))', is not a date like '2026-09-12T07:55:41Z'",
                hint: "lock the image again")
        }
        return timestamp
    }
}
