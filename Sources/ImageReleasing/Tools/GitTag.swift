import OCIModel

/// A tag of a checkout.
package struct GitTag: Hashable, Sendable {
    /// The signature of a tag object, and the bytes that it is over.
    package struct Signed: Hashable, Sendable {
        package enum Form: Hashable, Sendable { case openPGP, ssh }

        package var form: Form
        package var payload: [UInt8]
        package var signature: [UInt8]
    }

    package var name: String
    /// The commit that it stands for, at last.
    package var commit: String
    /// The tag object as it is stored; `nil` for a tag that is no more than a name.
    package var object: [UInt8]?

    /// The name that the tag object has for itself.
    package var ownName: String? {
        let head = object.map { String(decoding: $0.prefix(4096), as: UTF8.self) } ?? ""
        return head.split(separator: "\n", omittingEmptySubsequences: false).prefix { !$0.isEmpty }
            .first { $0.hasPrefix("tag ") }.map { String($0.dropFirst(4)) }
    }

    /// The signature at the end of the tag object; `nil` if there is none.
    package var signed: Signed? {
        guard let object else { return nil }
        let marks: [(Signed.Form, String)] = [
            (.openPGP, "\n-----BEGIN PGP SIGNATURE-----\n"), (.ssh, "\n-----BEGIN SSH SIGNATURE-----\n"),
        ]
        for (form, mark) in marks {
            let mark = Array(mark.utf8)
            guard let start = object.lastRange(of: mark) else { continue }
            // The line break before the mark belongs to what is signed.
            return Signed(
                form: form, payload: Array(object[...start]), signature: Array(object[(start + 1)...]))
        }
        return nil
    }
}

extension Git {
    /// Returns a tag; `nil` if there is none of the name.
    ///
    /// - Throws: `ReleaseError` `.refused` for a tag of something else than a commit.
    package func tag(_ name: String) async throws -> GitTag? {
        let reference = "refs/tags/\(name)"
        let resolve = ["rev-parse", "--verify", "--quiet", "--end-of-options"]
        let commit = try await attempt(resolve + [reference + "^{commit}"])
        guard commit.isSuccess else {
            guard try await attempt(resolve + [reference]).isSuccess else { return nil }
            throw ReleaseError(
                .refused, "the tag \(name) in \(checkout) stands for no commit that is there",
                hint: "tag a commit: git tag -s \(name) COMMIT; or fetch it, if the checkout is not whole")
        }
        let kind = try await line(["cat-file", "-t", reference])
        return GitTag(
            name: name, commit: String(decoding: commit.output.prefix { $0 != 10 }, as: UTF8.self),
            object: kind == "tag" ? try await object(of: name, at: reference) : nil)
    }

    private func object(of name: String, at reference: String) async throws -> [UInt8] {
        let size = try await line(["cat-file", "-s", reference])
        guard let count = Int(size), count <= Self.tagLimit else {
            throw ReleaseError(
                .refused, "the tag \(name) in \(checkout) has \(size) bytes, and at most \(Self.tagLimit) are read",
                hint: "make it with a shorter message")
        }
        return try await run(["cat-file", "tag", reference], outputLimit: Self.tagLimit)
    }

    private static let tagLimit = 1 << 20
}

extension [UInt8] {
    /// Returns where the last occurrence of some bytes begins.
    fileprivate func lastRange(of bytes: [UInt8]) -> Int? {
        guard count >= bytes.count else { return nil }
        return stride(from: count - bytes.count, through: 0, by: -1).first { self[$0...].starts(with: bytes) }
    }
}
