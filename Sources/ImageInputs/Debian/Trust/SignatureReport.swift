/// The verdicts of `gpgv` on the signatures of one text, read from its status lines (GnuPG, doc/DETAILS).
package struct SignatureReport: Hashable, Sendable {
    /// The verdict on one signature.
    package enum Verdict: Hashable, Sendable {
        case good, expiredSignature, expiredKey, revokedKey, bad
        /// `ERRSIG` with `NO_PUBKEY`, or an algorithm that the program does not know, which says nothing for or against
        /// the text.
        case unchecked
    }

    package struct Signature: Hashable, Sendable {
        package var verdict: Verdict
        /// The fingerprint of the key that signed, often a subkey, or its last 16 digits if no more is known.
        package var key: String
        /// The primary key's fingerprint, the last field of `VALIDSIG`; `nil` without that line.
        package var primary: String?
    }

    package var signatures: [Signature] = []

    /// Reads the lines that begin with `[GNUPG:] `; all others are for people.
    package init(status: [UInt8]) {
        for line in status.split(whereSeparator: { $0 == 0x0a || $0 == 0x0d }) {
            let words = line.split(separator: UInt8(ascii: " ")).map { String(decoding: $0, as: UTF8.self) }
            guard words.count >= 3, words[0] == "[GNUPG:]" else { continue }
            if let verdict = Self.verdict(words[1]) {
                signatures.append(Signature(verdict: verdict, key: words[2]))
            } else if words[1] == "VALIDSIG", let last = signatures.indices.last,
                words[2].hasSuffix(signatures[last].key)
            {
                // Eleven fields since GnuPG 1.3; a truncated line names no primary key and so does not count.
                signatures[last].primary = words.count >= 12 ? words[11] : nil
            }
        }
    }

    private static func verdict(_ keyword: String) -> Verdict? {
        switch keyword {
        case "GOODSIG": .good
        case "EXPSIG": .expiredSignature
        case "EXPKEYSIG": .expiredKey
        case "REVKEYSIG": .revokedKey
        case "BADSIG": .bad
        case "ERRSIG": .unchecked
        default: nil
        }
    }
}

extension SignatureReport {
    /// Returns the pinned primary keys with a good signature; without pins, every key of the keyrings counts.
    ///
    /// Expired keys are accepted for a proof that was good when it was kept: keys expire, but what they signed stays
    /// signed.
    ///
    /// - Returns: The fingerprints, sorted; at least one.
    /// - Throws: `ImageInputsError` with the code `.unsigned` or `.expired`, and the reason.
    func signers(
        of what: String, pinned: [ArchiveKey]?, acceptExpired: Bool
    ) throws(ImageInputsError) -> [String] {
        guard !signatures.isEmpty else { throw ImageInputsError(.unsigned, "\(what) is not signed") }
        // A damaged signature beside a good one: the text is the same, but the file was tampered with.
        if let bad = signatures.first(where: { $0.verdict == .bad }) {
            throw ImageInputsError(
                .unsigned, "\(what) does not match its signature by key \(bad.key): it was changed after it was signed",
                hint: "use another mirror")
        }
        let accepted: Set<Verdict> = acceptExpired ? [.good, .expiredKey, .expiredSignature] : [.good]
        let known = pinned.map { Set($0.map(\.fingerprint)) }
        let ours = signatures.filter { one in one.primary.map { known?.contains($0) ?? true } ?? false }
        let signers = Set(ours.filter { accepted.contains($0.verdict) }.compactMap(\.primary))
        guard signers.isEmpty else { return signers.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) } }
        throw refusal(of: what, pinned: pinned ?? [], ours: ours)
    }

    private func refusal(of what: String, pinned: [ArchiveKey], ours: [Signature]) -> ImageInputsError {
        func name(_ signature: Signature) -> String {
            pinned.first { $0.fingerprint == signature.primary }?.name ?? "key \(signature.key)"
        }
        if let revoked = ours.first(where: { $0.verdict == .revokedKey }) {
            return ImageInputsError(.unsigned, "\(what) is signed with a revoked key: \(name(revoked))")
        }
        if let expired = ours.first {
            return ImageInputsError(
                .expired, "\(what) is signed with a key or a signature that has expired: \(name(expired))",
                hint: "install a newer debian-archive-keyring")
        }
        let keys = signatures.map(\.key).joined(separator: ", ")
        return ImageInputsError(
            .unsigned,
            "\(what) is not signed by a key \(pinned.isEmpty ? "that is trusted" : "of the Debian archive"): signed by \(keys)",
            hint: pinned.isEmpty
                ? "use a mirror that is signed by a key of the given keyring"
                : "use a mirror of Debian's own archive; if it is one, install a newer debian-archive-keyring")
    }
}
