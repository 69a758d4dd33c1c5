/// A tag: `[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}` (distribution-spec, "Pulling manifests"), which makes it safe as a file
/// name.
package struct Tag: Hashable, Sendable, CustomStringConvertible {
    package let description: String

    /// The tag of a reference that does not name one.
    package static let latest = Tag(unchecked: "latest")

    private init(unchecked description: String) { self.description = description }

    /// Checks a tag; `nil` if it does not match the grammar.
    package init?(_ text: some StringProtocol) {
        guard (1...128).contains(text.utf8.count), let first = text.utf8.first, Self.isWord(first),
            text.utf8.allSatisfy({ Self.isWord($0) || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "-") })
        else { return nil }
        description = String(text)
    }

    /// Returns the tag of a document's list of referrers in registries without the referrers API: the first 64 digits,
    /// whatever the algorithm (distribution-spec, "Referrers Tag Schema").
    package static func referrers(of subject: Digest) -> Tag {
        Tag(unchecked: "\(subject.algorithm.rawValue)-\(subject.hex.prefix(64))")
    }

    /// Returns the tags under which cosign keeps what belongs to a document: signatures, attestations and SBOMs.
    package static func companions(of digest: Digest) -> [Tag] {
        ["sig", "att", "sbom"].compactMap { Tag("\(digest.algorithm.rawValue)-\(digest.hex).\($0)") }
    }

    /// Whether this may be the tag of a list of referrers in a registry without the referrers API, which is not a tag
    /// that a user set.
    package var isReferrersList: Bool {
        Digest.Algorithm.allCases.contains { description.hasPrefix("\($0.rawValue)-") }
            && (try? Digest(hex: String(description.dropFirst(7)))) != nil
    }

    private static func isWord(_ byte: UInt8) -> Bool { byte.isAlphanumeric || byte == UInt8(ascii: "_") }
}

/// The tag or digest by which a manifest is requested.
package enum ManifestName: Hashable, Sendable, CustomStringConvertible {
    case tag(Tag)
    case digest(Digest)

    /// Reads a tag or digest; `nil` if the text is neither.
    package init?(_ text: String) {
        if let tag = Tag(text) {
            self = .tag(tag)
        } else if let digest = try? Digest(text) {
            self = .digest(digest)
        } else {
            return nil
        }
    }

    package var description: String {
        switch self {
        case .tag(let tag): tag.description
        case .digest(let digest): digest.description
        }
    }

    package var digest: Digest? {
        if case .digest(let digest) = self { digest } else { nil }
    }

    /// The name in the form in which it follows a repository: `:tag` or `@sha256:…`.
    package var suffix: String { (digest == nil ? ":" : "@") + description }
}
