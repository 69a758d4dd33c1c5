import DurableFiles
import ImageInputs
import OCIModel
package import SystemPackage

/// A verifier of detached signatures: `gpgv` with given public keys, and `ssh-keygen` with given signers.
package struct SignatureCheck: Sendable {
    /// The folder for the files that the programs are given.
    let scratch: FilePath
    let gpgv: FilePath
    let sshKeygen: FilePath

    package init(
        scratch: FilePath, gpgv: FilePath = "/usr/bin/gpgv", sshKeygen: FilePath = "/usr/bin/ssh-keygen"
    ) {
        (self.scratch, self.gpgv, self.sshKeygen) = (scratch, gpgv, sshKeygen)
    }

    /// Verifies a detached OpenPGP signature.
    ///
    /// - Parameters:
    ///   - file: The file that was signed.
    ///   - signature: The file of the signature, armoured or not.
    ///   - what: The file in messages.
    ///   - keys: The keys that count.
    /// - Returns: The primary fingerprints of the signers, sorted; at least one.
    /// - Throws: `ReleaseError` `.unsigned`, with the reason.
    package func signers(
        of file: FilePath, _ signature: FilePath, what: String, keys: OpenPGPKeys
    ) async throws -> [String] {
        let keyring = scratch.appending("keyring.gpg")
        try FileSystem.write(keys.bytes, to: keyring)
        let result = try await Tool(gpgv, environment: ["HOME": "/nonexistent"]).run([
            "--weak-digest", "SHA1", "--weak-digest", "RIPEMD160", "--status-fd", "1", "--keyring", keyring.string,
            "--", signature.string, file.string,
        ])
        let report = SignatureReport(status: result.output)
        let good = report.signatures.filter { $0.verdict == .good }.compactMap(\.primary)
        // One bad signature beside a good one means that somebody changed something.
        guard !good.isEmpty, report.signatures.allSatisfy({ [.good, .unchecked].contains($0.verdict) }) else {
            throw Self.refusal(of: what, report, complaint: result.complaint)
        }
        return Set(good).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    private static func refusal(of what: String, _ report: SignatureReport, complaint: String) -> ReleaseError {
        let worst = report.signatures.first { $0.verdict != .good && $0.verdict != .unchecked }
        guard let signature = worst ?? report.signatures.first else {
            return ReleaseError(.unsigned, "\(what) has no signature that gpgv can read: \(complaint)")
        }
        let key = "the key \(quoted(signature.key))"
        return switch signature.verdict {
        case .bad:
            ReleaseError(
                .unsigned, "\(what) does not match its signature by \(key): one of the two was changed",
                hint: "find out who changed it before anything else")
        case .expiredKey, .expiredSignature:
            ReleaseError(
                .unsigned, "\(what) is signed by \(key), which has expired, or the signature has",
                hint: "take a public key whose time was extended, or sign with another")
        case .revokedKey: ReleaseError(.unsigned, "\(what) is signed by \(key), which was revoked")
        case .good, .unchecked:
            ReleaseError(
                .unsigned, "\(what) is signed by \(key), which is not among the given public keys",
                hint: "give that key if you trust it, or sign with one of the given keys")
        }
    }

    /// Verifies an SSH signature of git's namespace.
    ///
    /// - Returns: The signer's name in the file of allowed signers.
    /// - Throws: `ReleaseError` `.unsigned`, with the reason.
    package func sshSigner(of signed: GitTag.Signed, what: String, allowed: FilePath) async throws -> String {
        let signature = scratch.appending("signature.sig")
        try FileSystem.write(signed.signature, to: signature)
        let tool = Tool(sshKeygen, environment: ["HOME": "/nonexistent"])
        let found = try await tool.run([
            "-Y", "find-principals", "-s", signature.string, "-f", allowed.string,
        ])
        let names = String(decoding: found.output, as: UTF8.self).split(whereSeparator: \.isNewline)
        guard found.isSuccess, let name = names.first else {
            throw ReleaseError(
                .unsigned, "\(what) is signed by an SSH key that is not among the allowed signers in \(allowed)",
                hint: "add the key if you trust it, or sign with one of the allowed ones")
        }
        let result = try await tool.run(
            ["-Y", "verify", "-n", "git", "-f", allowed.string, "-I", String(name), "-s", signature.string],
            input: signed.payload)
        guard result.isSuccess else {
            throw ReleaseError(
                .unsigned, "\(what) does not match its SSH signature: \(result.complaint)",
                hint: "find out who changed it before anything else")
        }
        return quoted(name)
    }
}

extension SignatureCheck {
    /// Verifies the OpenPGP signature of a tag.
    func signers(of signed: GitTag.Signed, what: String, keys: OpenPGPKeys) async throws -> [String] {
        let (payload, signature) = (scratch.appending("payload"), scratch.appending("payload.sig"))
        try FileSystem.write(signed.payload, to: payload)
        try FileSystem.write(signed.signature, to: signature)
        return try await signers(of: payload, signature, what: what, keys: keys)
    }
}
