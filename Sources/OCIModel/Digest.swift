/// The digest of a blob's bytes, written with its algorithm: `sha256:` and 64 lower-case hexadecimal digits, or
/// `sha512:` and 128 (image-spec, descriptor.md, "Digests"). Content made here has SHA-256; foreign content keeps its
/// own algorithm.
package struct Digest: Hashable, Sendable, CustomStringConvertible {
    package enum Algorithm: String, Hashable, Sendable, CaseIterable {
        case sha256, sha512

        fileprivate var digits: Int { self == .sha256 ? 64 : 128 }
    }

    package let algorithm: Algorithm
    /// The lower-case hexadecimal digits without the algorithm, which are safe as a file name.
    package let hex: String

    /// Parses `algorithm:hex`.
    ///
    /// - Throws: `OCIModelError` if the algorithm is another, the length is wrong, or digits are in upper case.
    package init(_ text: some StringProtocol) throws(OCIModelError) {
        let name = text.prefix { $0 != ":" }
        guard let algorithm = Algorithm(rawValue: String(name)), name.endIndex != text.endIndex else {
            throw OCIModelError(.invalidDigest, "'\(text.prefix(160))' is neither a sha256 nor a sha512 digest")
        }
        try self.init(algorithm, hex: String(text[text.index(after: name.endIndex)...]))
    }

    /// Creates a digest from its hexadecimal digits alone, by default those of SHA-256, as Debian's indexes and
    /// `SHA256SUMS` files contain them.
    package init(_ algorithm: Algorithm = .sha256, hex: String) throws(OCIModelError) {
        let isHex = hex.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
        guard hex.utf8.count == algorithm.digits, isHex else {
            throw OCIModelError(
                .invalidDigest, "'\(hex.prefix(160))' is not \(algorithm.digits) lower-case hexadecimal digits")
        }
        self.algorithm = algorithm
        self.hex = hex
    }

    package var description: String { "\(algorithm.rawValue):\(hex)" }

    /// The first twelve digits, which are enough for a person to compare.
    package var short: String { String(hex.prefix(12)) }
}

/// The digest of an *uncompressed* layer. It is a type of its own, so that a blob's digest cannot take its place.
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
