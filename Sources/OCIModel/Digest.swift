/// The SHA-256 digest of a blob's bytes, written `sha256:` and 64 lower-case hexadecimal digits
/// (image-spec, descriptor.md, "Digests").
package struct Digest: Hashable, Sendable, CustomStringConvertible {
    /// The 64 lower-case hexadecimal digits, without the algorithm.
    package let hex: String

    /// Parses `sha256:<hex>`.
    ///
    /// - Throws: `OCIModelError` for another algorithm, a wrong length or upper-case digits.
    package init(_ text: String) throws(OCIModelError) {
        guard text.utf8.starts(with: "sha256:".utf8) else {
            throw OCIModelError(.invalidDigest, "'\(text)' is not a sha256 digest")
        }
        try self.init(hex: String(text.dropFirst(7)))
    }

    /// Takes the hexadecimal digits alone, as Debian's indexes and `SHA256SUMS` files write them.
    package init(hex: String) throws(OCIModelError) {
        let isHex = hex.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
        guard hex.utf8.count == 64, isHex else {
            throw OCIModelError(.invalidDigest, "'\(hex)' is not 64 lower-case hexadecimal digits")
        }
        self.hex = hex
    }

    package var description: String { "sha256:\(hex)" }

    /// The first twelve digits: enough for a person to compare.
    package var short: String { String(hex.prefix(12)) }
}

/// The digest of an *uncompressed* layer. A type of its own, so that a blob's digest cannot stand in its place.
package struct DiffID: Hashable, Sendable, CustomStringConvertible {
    package let digest: Digest
    package init(_ digest: Digest) { self.digest = digest }
    package var description: String { digest.description }
}

extension Digest: Codable {
    package init(from decoder: any Decoder) throws {
        try self.init(decoder.singleValueContainer().decode(String.self))
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

extension DiffID: Codable {
    package init(from decoder: any Decoder) throws { try self.init(Digest(from: decoder)) }
    package func encode(to encoder: any Encoder) throws { try digest.encode(to: encoder) }
}
