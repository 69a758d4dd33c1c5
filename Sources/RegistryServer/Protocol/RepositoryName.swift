package import OCIModel

/// A repository's name, within the specification's grammar (distribution-spec, "Pulling manifests"): safe as a path,
/// because no part is empty, begins with a dot or contains a slash.
package struct RepositoryName: Hashable, Sendable, CustomStringConvertible {
    package let description: String

    /// The longest name in bytes; the specification advises 255 for host and name together.
    static let limit = 255

    /// Checks a name; `nil` if it does not match the grammar.
    package init?(_ text: String) {
        guard !text.isEmpty, text.utf8.count <= Self.limit else { return nil }
        let parts = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard parts.allSatisfy({ Self.isComponent($0) }) else { return nil }
        description = text
    }

    /// Returns whether the bytes match `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*`.
    private static func isComponent(_ bytes: Substring.UTF8View) -> Bool {
        var separator: [UInt8] = []
        var wasWord = false
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"):
                guard wasWord || separator.isEmpty || isSeparator(separator) else { return false }
                separator = []
                wasWord = true
            case UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                guard wasWord || !separator.isEmpty else { return false }
                separator.append(byte)
                wasWord = false
            default: return false
            }
        }
        return wasWord
    }

    private static func isSeparator(_ bytes: [UInt8]) -> Bool {
        bytes == [UInt8(ascii: ".")] || bytes == [UInt8(ascii: "_")] || bytes == Array("__".utf8)
            || bytes.allSatisfy { $0 == UInt8(ascii: "-") }
    }
}

/// The tag or digest by which a manifest is requested.
package enum ManifestName: Hashable, Sendable {
    case tag(Tag)
    case digest(Digest)

    /// Reads a tag or digest; `nil` if the text is neither.
    init?(_ text: String) {
        if let tag = Tag(text) {
            self = .tag(tag)
        } else if let digest = try? Digest(text) {
            self = .digest(digest)
        } else {
            return nil
        }
    }
}

/// A tag: `[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}`, which also makes it safe as a file name.
package struct Tag: Hashable, Sendable, CustomStringConvertible {
    package let description: String

    /// Checks a tag; `nil` if it does not match the grammar.
    package init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard (1...128).contains(bytes.count), Self.isWord(bytes[0]) else { return nil }
        let dotAndDash: [UInt8] = [UInt8(ascii: "."), UInt8(ascii: "-")]
        guard bytes.allSatisfy({ Self.isWord($0) || dotAndDash.contains($0) }) else { return nil }
        description = text
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
