package import SystemPackage

/// Whose signatures on tags count.
package struct TagTrust: Sendable {
    package var keys: OpenPGPKeys
    /// The file of SSH's allowed signers.
    package var signers: FilePath?

    package init(keys: OpenPGPKeys, signers: FilePath?) { (self.keys, self.signers) = (keys, signers) }

    /// Checks that a tag is an object, is called what it is called, and is signed by somebody who may.
    ///
    /// - Returns: The signer: a fingerprint, or a name among the allowed signers.
    /// - Throws: `ReleaseError` `.unsigned`.
    package func signer(of tag: GitTag, _ check: SignatureCheck) async throws -> String {
        let what = "the tag \(tag.name)"
        guard tag.object != nil else {
            throw ReleaseError(
                .unsigned, "\(what) is a lightweight tag, which cannot be signed",
                hint: "make it with git tag -s \(tag.name)")
        }
        guard tag.ownName == tag.name else {
            throw ReleaseError(
                .unsigned, "\(what) is the object of another tag, '\(tag.ownName ?? "")', that was renamed",
                hint: "find out who renamed it")
        }
        guard let signed = tag.signed else {
            throw ReleaseError(.unsigned, "\(what) is not signed", hint: "make it with git tag -s \(tag.name)")
        }
        switch signed.form {
        case .ssh:
            guard let signers else {
                throw ReleaseError(
                    .unsigned, "\(what) is signed by an SSH key, and no allowed signers are given",
                    hint: "name their file with --tag-signers, or as signing.tag-signers in the release file")
            }
            return try await check.sshSigner(of: signed, what: what, allowed: signers)
        case .openPGP:
            guard !keys.bytes.isEmpty else {
                throw ReleaseError(
                    .unsigned, "\(what) is signed by an OpenPGP key, and no public keys are given",
                    hint: "name them with --tag-key, or as signing.tag-keys in the release file")
            }
            return try await check.signers(of: signed, what: what, keys: keys).joined(separator: ", ")
        }
    }
}
