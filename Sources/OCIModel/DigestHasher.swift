import Crypto

/// A SHA-256 hasher for bytes that arrive in pieces, used for content made here. Only this file knows the crypto
/// library.
package struct SHA256Hasher: Sendable {
    private var state = SHA256()

    package init() {}

    package mutating func update(_ bytes: UnsafeRawBufferPointer) { state.update(bufferPointer: bytes) }

    package mutating func update(_ bytes: some Sequence<UInt8>) { bytes.inOnePiece { update($0) } }

    /// Returns the digest of all bytes so far; more may follow.
    package func finish() -> Digest { Digest(.sha256, state.finalize()) }
}

/// A hasher for bytes that arrive in pieces, with a given algorithm, used to check foreign content.
package struct DigestHasher: Sendable {
    /// Exactly one of the two is set; in an enumeration, each piece would copy the state.
    private var sha256: SHA256Hasher?
    private var sha512: SHA512?

    package init(_ algorithm: Digest.Algorithm) {
        switch algorithm {
        case .sha256: sha256 = SHA256Hasher()
        case .sha512: sha512 = SHA512()
        }
    }

    package var algorithm: Digest.Algorithm { sha512 == nil ? .sha256 : .sha512 }

    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        sha256?.update(bytes)
        sha512?.update(bufferPointer: bytes)
    }

    package mutating func update(_ bytes: some Sequence<UInt8>) { bytes.inOnePiece { update($0) } }

    /// Returns the digest of all bytes so far; more may follow.
    package func finish() -> Digest {
        sha512.map { Digest(.sha512, $0.finalize()) } ?? (sha256 ?? SHA256Hasher()).finish()
    }
}

extension Sequence<UInt8> {
    fileprivate func inOnePiece(_ use: (UnsafeRawBufferPointer) -> Void) {
        if withContiguousStorageIfAvailable({ use(UnsafeRawBufferPointer($0)) }) == nil {
            Array(self).withUnsafeBytes { use($0) }
        }
    }
}

extension Digest {
    /// Computes the digest of a document held in memory.
    package init(of bytes: some Sequence<UInt8>, by algorithm: Algorithm = .sha256) {
        var hasher = DigestHasher(algorithm)
        hasher.update(bytes)
        self = hasher.finish()
    }

    /// Returns whether this is the digest of a document held in memory, whatever its algorithm.
    package func isOf(_ bytes: some Sequence<UInt8>) -> Bool { Digest(of: bytes, by: algorithm) == self }

    fileprivate init(_ algorithm: Algorithm, _ bytes: some Sequence<UInt8>) {
        let digits = Array("0123456789abcdef".utf8)
        let hex = String(
            decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
        // The hash always has as many lower-case digits as its algorithm requires.
        guard let digest = try? Digest(algorithm, hex: hex) else { fatalError("unreachable") }
        self = digest
    }
}
