import DurableFiles
import OCIModel
import SystemPackage

/// The step that signs: a detached, armoured OpenPGP signature of every archive and of the sums, each verified at once by
/// another program against the given public keys.
///
/// Keys and passwords are gpg's business: they are neither kept nor named here.
package struct ReleaseSigning: Sendable {
    private let folder: ReleaseFolder
    private let gpg: Tool
    private let key: String
    private let keys: OpenPGPKeys
    private let check: SignatureCheck
    private let observe: @Sendable (String) -> Void

    /// Prepares the step.
    ///
    /// - Parameters:
    ///   - folder: The release's folder, whose step `build` is done.
    ///   - gpg: The program, with the variables by which it finds its keys and the terminal.
    ///   - key: The signing key as gpg's `--local-user` takes it.
    ///   - keys: The public keys, one of which must be the signing key's.
    ///   - check: The verifier of every signature.
    ///   - observe: Receives a line for each signature.
    package init(
        _ folder: ReleaseFolder, gpg: Tool, key: String, keys: OpenPGPKeys, check: SignatureCheck,
        observe: @escaping @Sendable (String) -> Void
    ) {
        (self.folder, self.gpg, self.key, self.keys) = (folder, gpg, key, keys)
        (self.check, self.observe) = (check, observe)
    }

    /// The assets that are still to be signed, the sums not among them.
    package var unsigned: [Asset] { signable.filter { folder.asset(Self.name(of: $0.name)) == nil } }

    private var signable: [Asset] { folder.assets.filter { [.archive, .source].contains($0.kind) } }

    private static func name(of file: String) -> String { file + ".asc" }

    /// Signs what is not signed yet, and verifies every signature.
    ///
    /// - Parameter confirm: Asks whether to go on, before the key is used for the first time.
    /// - Throws: `ReleaseError`: `.changed` for an archive that is not the one that was built, `.unsigned` for the first
    ///   signature that does not verify, `.tool` if gpg does not sign.
    package func run(confirm: (String) async throws -> Bool) async throws {
        try folder.require(.build, before: .sign)
        try folder.check()
        guard !keys.bytes.isEmpty else {
            throw ReleaseError(
                .refused, "no public key is given, against which signatures would be verified",
                hint: "name it with --asset-key, or as signing.asset-keys in the release file")
        }
        guard key.contains(where: { !$0.isWhitespace }) else {
            throw ReleaseError(.refused, "no key is named to sign with", hint: "name it with --key, as gpg takes it")
        }
        let sumsName = Self.name(of: Release.sumsName)
        if !unsigned.isEmpty || folder.asset(sumsName) == nil {
            let question = "sign \(unsigned.count) archives and the sums with the key \(quoted(key))"
            guard try await confirm(question) else {
                throw ReleaseError(.refused, "nothing was signed", hint: "answer yes, or give --yes")
            }
        }
        for asset in signable { try await sign(asset.name) }
        if !folder.isDone(.sign) { try folder.writeSums(by: .sign) }
        try await sign(Release.sumsName)
        if !folder.isDone(.sign) { try folder.finish(.sign) }
    }

    /// Signs a file, unless a signature is there, and verifies the signature.
    private func sign(_ file: String) async throws {
        let name = Self.name(of: file)
        let target = folder.path.appending(name)
        guard folder.asset(name) == nil, FileSystem.plainFileSize(target) == nil else {
            let signers = try await verify(file, target)
            if folder.asset(name) == nil {
                try folder.claim(name, .signature, by: .sign)
                try folder.record(signers, as: "signers/\(name)", by: .sign)
            }
            return
        }
        let new = folder.work.appending(name)
        try FileSystem.remove(new)
        let result = try await gpg.run([
            "--batch", "--yes", "--armor", "--digest-algo", "SHA512", "--local-user", key, "--output", new.string,
            "--detach-sign", "--", folder.path.appending(file).string,
        ])
        guard result.isSuccess else { throw failure(file, result) }
        guard FileSystem.plainFileSize(new) != nil else {
            throw ReleaseError(.tool, "cannot sign \(file): \(gpg.name) wrote no signature", hint: "check --gpg")
        }
        do {
            let signers = try await verify(file, new)
            try folder.record(signers, as: "signers/\(name)", by: .sign)
            try folder.adopt(new, as: name, .signature, by: .sign)
            observe("\(name): a good signature by \(signers.joined(separator: ", "))")
        } catch let error as ReleaseError {
            try? FileSystem.remove(new)
            throw error
        }
    }

    private func verify(_ file: String, _ signature: FilePath) async throws -> [String] {
        try await check.signers(of: folder.path.appending(file), signature, what: file, keys: keys)
    }

    private func failure(_ file: String, _ result: Tool.Result) -> ReleaseError {
        let complaint = result.complaint
        let advice = [
            ("No secret key", "connect the token that has the key, and look at gpg --list-secret-keys"),
            (
                "Unusable secret key",
                "the key has expired, was revoked, or may not sign: look at gpg --list-keys, and sign with another"
            ),
            ("Inappropriate ioctl", "gpg cannot ask for the password here: run export GPG_TTY=$(tty) before"),
            ("No pinentry", "gpg cannot ask for the password: install a pinentry, such as pinentry-curses"),
            ("No space left", "free some space: what is signed stays signed"),
        ]
        let hint =
            advice.first { complaint.contains($0.0) }?.1 ?? "run the step again: what is signed stays signed"
        return ReleaseError(.tool, "cannot sign \(file) with the key \(quoted(key)): \(complaint)", hint: hint)
    }
}
