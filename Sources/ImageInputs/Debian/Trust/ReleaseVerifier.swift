import ChildPrograms
import DurableFiles
import OCIContent
package import OCIModel
package import SystemPackage

/// A text whose signature is good, and its signers.
package struct VerifiedText: Hashable, Sendable {
    /// The signed bytes exactly as the program that checked them wrote them.
    package var bytes: [UInt8]
    /// The primary fingerprints of the pinned keys whose signatures are good, sorted.
    package var signers: [String]
}

/// A verifier that checks the signature of an `InRelease` with `gpgv` against pinned primary keys.
package struct ReleaseVerifier: Hashable, Sendable {
    package var gpgv: FilePath
    package var keyrings: [FilePath]
    /// The keys that count; `nil` for all keys of the keyrings, where the user has named those.
    package var pinned: [ArchiveKey]?
    /// The longest time that one run of `gpgv` may take.
    package var timeLimit: Duration

    /// Creates a verifier. Keyrings must have absolute paths, because `gpgv` looks for others in the home folder.
    package init(
        gpgv: FilePath = "/usr/bin/gpgv", keyrings: [FilePath], pinned: [ArchiveKey]? = ArchiveKey.debian,
        timeLimit: Duration = .seconds(30)
    ) {
        self.gpgv = gpgv
        self.keyrings = keyrings
        self.pinned = pinned
        self.timeLimit = timeLimit
    }

    /// The file into which Debian's package debian-archive-keyring puts its keys.
    package static let debianKeyring: FilePath = "/usr/share/keyrings/debian-archive-keyring.gpg"

    /// The keys of Debian's archive, as this machine has them.
    package static let debian = ReleaseVerifier(keyrings: [debianKeyring])

    /// The digest of everything that is trusted: what was proven with other keys is not proven with these.
    package var trust: Digest {
        get throws {
            let keys = try keyrings.map { try FileSystem.read($0, limit: Int64(Self.sizeLimit)) ?? [] }
            let pins = pinned.map { $0.map(\.fingerprint) } ?? ["all"]
            return Digest(of: (keys.map { Digest(of: $0).hex } + pins).joined(separator: "\n").utf8)
        }
    }

    /// The largest size: 16 MiB, a hundred times that of a Release today.
    package static let sizeLimit = 16 << 20

    /// Returns the signed text of a clear-signed file, and nothing around it.
    ///
    /// `what` names the file in errors: `the Release of trixie`. A `keptProof` was verified when it was kept, so a key
    /// that has expired since does not count against it.
    ///
    /// - Returns: The text and its signers.
    /// - Throws: `ImageInputsError` with the code `.unsigned`, `.expired`, `.toolMissing` or `.timedOut`; `FileError`
    ///   if there is no room for a temporary file.
    package func verify(_ bytes: [UInt8], of what: String, keptProof: Bool = false) async throws -> VerifiedText {
        guard bytes.count <= Self.sizeLimit else {
            throw ImageInputsError(.corrupt, "\(what) is \(bytes.count) bytes long: the limit is \(Self.sizeLimit)")
        }
        let message = try ClearSignedMessage(bytes, of: what)
        try checkKeyrings()
        let (text, status) = try await runGPGV(bytes, of: what, keptProof: keptProof)
        let signers = try SignatureReport(status: status).signers(of: what, pinned: pinned, acceptExpired: keptProof)
        guard message.isText(text) else {
            throw ImageInputsError(
                .unsigned, "\(what) is not signed correctly: gpgv has taken another text for signed than it holds")
        }
        return VerifiedText(bytes: text, signers: signers)
    }

    private func checkKeyrings() throws {
        for keyring in keyrings {
            do {
                try FileDescriptor.open(keyring, .readOnly, options: .closeOnExec).close()
            } catch {
                throw ImageInputsError(
                    .toolMissing, "cannot read the keyring \(keyring): \(error)",
                    hint: pinned == nil
                        ? "name a keyring that can be read" : "install the package debian-archive-keyring",
                    cause: error)
            }
        }
        guard !keyrings.isEmpty, keyrings.allSatisfy(\.isAbsolute) else {
            throw ImageInputsError(.toolMissing, "cannot check a signature without keyrings given by absolute paths")
        }
    }

    /// Runs `gpgv`. The exit status is ignored, because it is an error as soon as one of several keys is unknown: the
    /// status lines decide.
    private func runGPGV(
        _ bytes: [UInt8], of what: String, keptProof: Bool
    ) async throws -> (text: [UInt8], status: [UInt8]) {
        // SHA-1 and RIPEMD-160 signatures can be forged; MD5 is refused by the program itself.
        var arguments = ["--weak-digest", "SHA1", "--weak-digest", "RIPEMD160", "--status-fd", "2", "--output", "-"]
        if keptProof { arguments.append("--ignore-time-conflict") }
        let purpose = "cannot check the signature of \(what)"
        var program = ChildProgram(
            gpgv, arguments, environment: ["LC_ALL": "C", "HOME": "/nonexistent"], input: .bytes(bytes, for: purpose),
            streams: .kept(output: Self.sizeLimit, errors: 1 << 20), timeLimit: timeLimit)
        program.arguments += keyrings.flatMap { [Array("--keyring".utf8), $0.bytes] }
        do {
            let end = try await program.run()
            return (end.output, end.errors)
        } catch let error as ChildProgramError {
            switch error.code {
            case .cannotStart:
                throw ImageInputsError(
                    .toolMissing, "\(purpose): cannot run \(gpgv): \(error)", hint: "install the package gpgv",
                    cause: error)
            case .tookTooLong:
                throw ImageInputsError(.timedOut, "\(purpose): gpgv took longer than \(timeLimit)")
            case .failed, .inputTooLong:
                throw ImageInputsError(.inputOutput, "\(purpose): gpgv failed: \(error)", cause: error)
            }
        }
    }
}
