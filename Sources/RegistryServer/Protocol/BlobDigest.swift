package import OCIModel

/// A digest of one of the algorithms that clients may address content by (image-spec, descriptor.md, "Digests").
package struct BlobDigest: Hashable, Sendable, CustomStringConvertible {
    package enum Algorithm: String, Hashable, Sendable, CaseIterable {
        case sha256, sha512
        fileprivate var digits: Int { self == .sha256 ? 64 : 128 }
    }

    package let algorithm: Algorithm
    /// Lower-case hexadecimal digits, as many as the algorithm gives: safe as a file name.
    package let hex: String

    /// Parses `algorithm:hex`; `nil` for an algorithm that is not registered, or digits that are not its.
    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let algorithm = Algorithm(rawValue: String(parts[0])) else { return nil }
        self.init(algorithm, hex: String(parts[1]))
    }

    init?(_ algorithm: Algorithm, hex: String) {
        let isHex = hex.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
        guard isHex, hex.utf8.count == algorithm.digits else { return nil }
        self.algorithm = algorithm
        self.hex = hex
    }

    package init(_ digest: Digest) {
        algorithm = .sha256
        hex = digest.hex
    }

    package init(of bytes: [UInt8], by algorithm: Algorithm = .sha256) {
        var running = RunningDigest(algorithm)
        bytes.withUnsafeBytes { running.update($0) }
        self = running.finish()
    }

    package var description: String { "\(algorithm.rawValue):\(hex)" }
}

/// A digest of bytes that arrive in pieces.
struct RunningDigest: Sendable {
    private enum State: Sendable {
        case sha256(SHA256Hasher)
        case sha512(SHA512Hasher)
    }

    private var state: State

    init(_ algorithm: BlobDigest.Algorithm) {
        state = algorithm == .sha256 ? .sha256(SHA256Hasher()) : .sha512(SHA512Hasher())
    }

    var algorithm: BlobDigest.Algorithm {
        if case .sha256 = state { .sha256 } else { .sha512 }
    }

    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        switch state {
        case .sha256(var hasher):
            hasher.update(bytes)
            state = .sha256(hasher)
        case .sha512(var hasher):
            hasher.update(bytes)
            state = .sha512(hasher)
        }
    }

    func finish() -> BlobDigest {
        switch state {
        case .sha256(let hasher): return BlobDigest(hasher.finish())
        case .sha512(let hasher):
            // 64 bytes always give 128 lower-case digits.
            guard let digest = BlobDigest(.sha512, hex: hasher.finish()) else { fatalError("unreachable") }
            return digest
        }
    }
}
