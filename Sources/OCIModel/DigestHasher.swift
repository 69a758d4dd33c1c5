import Crypto

/// SHA-256 over bytes that arrive in pieces: of what is made here. This file alone knows the crypto library.
package struct SHA256Hasher: Sendable {
    private var state = SHA256()

    package init() {}

    package mutating func update(_ bytes: UnsafeRawBufferPointer) { state.update(bufferPointer: bytes) }

    package mutating func update(_ bytes: some Sequence<UInt8>) { bytes.inOnePiece { update($0) } }

    /// The digest of all bytes so far; more may follow.
    package func finish() -> Digest { Digest(.sha256, state.finalize()) }
}

/// The digest of bytes that arrive in pieces, by the algorithm that somebody chose: of what is checked.
package struct DigestHasher: Sendable {
    /// One of the two; in an enumeration each piece would copy the state.
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

    /// The digest of all bytes so far; more may follow.
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
    /// The digest of a document held in memory.
    package init(of bytes: some Sequence<UInt8>, by algorithm: Algorithm = .sha256) {
        var hasher = DigestHasher(algorithm)
        hasher.update(bytes)
        self = hasher.finish()
    }

    /// Whether this is the digest of a document held in memory, whichever its algorithm.
    package func isOf(_ bytes: some Sequence<UInt8>) -> Bool { Digest(of: bytes, by: algorithm) == self }

    fileprivate init(_ algorithm: Algorithm, _ bytes: some Sequence<UInt8>) {
        let digits = Array("0123456789abcdef".utf8)
        let hex = String(
            decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
        // Its own bytes always give as many lower-case digits as it has.
        guard let digest = try? Digest(algorithm, hex: hex) else { fatalError("unreachable") }
        self = digest
    }
}
