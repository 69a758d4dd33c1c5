/// A tag: `[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}` (distribution-spec, "Pulling manifests"), which makes it safe as a file name.
package struct Tag: Hashable, Sendable, CustomStringConvertible {
    package let description: String

    /// The tag that a reference means when it names none.
    package static let latest = Tag(unchecked: "latest")

    private init(unchecked description: String) { self.description = description }

    /// Returns `nil` for text outside the grammar.
    package init?(_ text: some StringProtocol) {
        guard (1...128).contains(text.utf8.count), let first = text.utf8.first, Self.isWord(first),
            text.utf8.allSatisfy({ Self.isWord($0) || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "-") })
        else { return nil }
        description = String(text)
    }

    /// Returns the tag of the list of a document's referrers in registries without the referrers API: the first 64 digits,
    /// whatever the algorithm (distribution-spec, "Referrers Tag Schema").
    package static func referrers(of subject: Digest) -> Tag {
        Tag(unchecked: "\(subject.algorithm.rawValue)-\(subject.hex.prefix(64))")
    }

    /// Whether a registry without the referrers API could keep a list of referrers under this tag: content of the registry,
    /// not of a person.
    package var isReferrersList: Bool {
        Digest.Algorithm.allCases.contains { description.hasPrefix("\($0.rawValue)-") }
            && (try? Digest(hex: String(description.dropFirst(7)))) != nil
    }

    private static func isWord(_ byte: UInt8) -> Bool { byte.isAlphanumeric || byte == UInt8(ascii: "_") }
}

/// The name that a manifest is asked for by: a tag or a digest.
package enum ManifestName: Hashable, Sendable, CustomStringConvertible {
    case tag(Tag)
    case digest(Digest)

    /// Returns `nil` for text that is neither.
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

    /// Returns the name as it stands behind a repository: `:tag` or `@sha256:…`.
    package var suffix: String { (digest == nil ? ":" : "@") + description }
}
