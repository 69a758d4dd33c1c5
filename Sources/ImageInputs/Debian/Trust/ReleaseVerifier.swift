import DurableFiles
import OCIContent
import Subprocess
package import SystemPackage

/// Text whose signature was found good, and by whom.
package struct VerifiedText: Hashable, Sendable {
    /// Exactly what was signed, as the program that checked it wrote it out.
    package var bytes: [UInt8]
    /// Primary fingerprints of the pinned keys whose signatures are good, sorted.
    package var signers: [String]
}

/// Checks the signature of an `InRelease` with `gpgv` against pinned primary keys.
package struct ReleaseVerifier: Sendable {
    package var gpgv: FilePath
    package var keyrings: [FilePath]
    package var pinned: [ArchiveKey]

    /// Keyrings are given by absolute paths: `gpgv` looks for others in the home folder.
    package init(gpgv: FilePath = "/usr/bin/gpgv", keyrings: [FilePath], pinned: [ArchiveKey] = ArchiveKey.debian) {
        self.gpgv = gpgv
        self.keyrings = keyrings
        self.pinned = pinned
    }

    /// Where Debian's package debian-archive-keyring puts its keys.
    package static let debianKeyring: FilePath = "/usr/share/keyrings/debian-archive-keyring.gpg"

    /// 16 MiB: a hundred times a Release of today.
    package static let sizeLimit = 16 << 20
    private static let timeLimit = Duration.seconds(30)

    /// The signed text of a clear-signed file, and nothing around it.
    ///
    /// `what` names the file in errors: `the Release of trixie`. A `keptProof` was verified when it was kept, so that
    /// a key that has expired since does not count against it.
    ///
    /// - Returns: The text and who signed it.
    /// - Throws: `ImageInputsError` with the code `.unsigned`, `.expired`, `.toolMissing` or `.timedOut`;
    ///   `ContentError` where there is no room for a temporary file.
    package func verify(_ bytes: [UInt8], of what: String, keptProof: Bool = false) async throws -> VerifiedText {
        guard bytes.count <= Self.sizeLimit else {
            throw ImageInputsError(.corrupt, "\(what) is \(bytes.count) bytes long: the limit is \(Self.sizeLimit)")
        }
        try ClearSignedMessage.check(bytes, of: what)
        try checkKeyrings()
        let (text, status) = try await runWithTimeLimit(bytes, of: what, keptProof: keptProof)
        let signers = try SignatureReport(status: status).signers(of: what, pinned: pinned, acceptExpired: keptProof)
        return VerifiedText(bytes: text, signers: signers)
    }

    private func checkKeyrings() throws {
        for keyring in keyrings {
            do {
                try FileDescriptor.open(keyring, .readOnly).close()
            } catch {
                throw ImageInputsError(
                    .toolMissing, "cannot read the keyring \(keyring): \(error)",
                    hint: "install the package debian-archive-keyring", cause: error)
            }
        }
        guard !keyrings.isEmpty, keyrings.allSatisfy(\.isAbsolute) else {
            throw ImageInputsError(.toolMissing, "cannot check a signature without keyrings given by absolute paths")
        }
    }

    private func runWithTimeLimit(
        _ bytes: [UInt8], of what: String, keptProof: Bool
    ) async throws -> (text: [UInt8], status: [UInt8]) {
        try await withThrowingTaskGroup(of: (text: [UInt8], status: [UInt8])?.self) { group in
            group.addTask { try await runGPGV(bytes, of: what, keptProof: keptProof) }
            group.addTask {
                try await Task.sleep(for: Self.timeLimit)
                return nil
            }
            defer { group.cancelAll() }
            guard let first = try await group.next(), let result = first else {
                throw ImageInputsError(
                    .timedOut, "cannot check the signature of \(what): gpgv took longer than \(Self.timeLimit)")
            }
            return result
        }
    }

    /// The exit status is left aside: it is an error as soon as one of several keys is unknown. The status lines
    /// decide.
    private func runGPGV(
        _ bytes: [UInt8], of what: String, keptProof: Bool
    ) async throws -> (text: [UInt8], status: [UInt8]) {
        // SHA-1 and RIPEMD-160 signatures can be forged; MD5 is refused by the program itself.
        var arguments = ["--weak-digest", "SHA1", "--weak-digest", "RIPEMD160", "--status-fd", "2", "--output", "-"]
        if keptProof { arguments.append("--ignore-time-conflict") }
        for keyring in keyrings { arguments += ["--keyring", keyring.string] }
        // The library's own ways to write to a program end this one, by a signal or a trap, where that does not read.
        let input = try FileSystem.unnamedFile(holding: bytes, for: "cannot check the signature of \(what)")
        do {
            let result = try await run(
                .path(gpgv), arguments: Arguments(arguments),
                environment: .custom(["LC_ALL": "C", "HOME": "/nonexistent"]),
                input: .fileDescriptor(input, closeAfterSpawningProcess: true), output: .bytes(limit: Self.sizeLimit),
                error: .bytes(limit: 1 << 20))
            return (result.standardOutput, result.standardError)
        } catch let error as SubprocessError where error.code == .executableNotFound || error.code == .spawnFailed {
            throw ImageInputsError(
                .toolMissing, "cannot check the signature of \(what): cannot run \(gpgv): \(error)",
                hint: "install the package gpgv", cause: error)
        } catch let error as SubprocessError {
            throw ImageInputsError(
                .inputOutput, "cannot check the signature of \(what): gpgv failed: \(error)", cause: error)
        }
    }
}
