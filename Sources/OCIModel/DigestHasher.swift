import CNIOBoringSSL

/// A SHA-256 hasher for bytes that arrive in pieces, used for content made here.
///
/// Only this file knows the cryptographic library: the BoringSSL that swift-nio-ssl compiles for TLS, reached below its Swift
/// module, so that no second copy of it is compiled. The exact version in `Package.swift` protects the import.
package struct SHA256Hasher: Sendable {
    private var state = SHA256_CTX()

    package init() { SHA256_Init(&state) }

    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        SHA256_Update(&state, bytes.baseAddress, bytes.count)
    }

    package mutating func update(_ bytes: some Sequence<UInt8>) { bytes.inOnePiece { update($0) } }

    /// Returns the digest of all bytes so far; more may follow.
    package func finish() -> Digest {
        var state = state
        return Digest(.sha256, size: Int(SHA256_DIGEST_LENGTH)) { SHA256_Final($0, &state) }
    }
}

/// A hasher for bytes that arrive in pieces, with a given algorithm, used to check foreign content.
package struct DigestHasher: Sendable {
    /// Exactly one of the two is set; in an enumeration, each piece would copy the state.
    private var sha256: SHA256Hasher?
    private var sha512: SHA512Hasher?

    package init(_ algorithm: Digest.Algorithm) {
        switch algorithm {
        case .sha256: sha256 = SHA256Hasher()
        case .sha512: sha512 = SHA512Hasher()
        }
    }

    package var algorithm: Digest.Algorithm { sha512 == nil ? .sha256 : .sha512 }

    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        sha256?.update(bytes)
        sha512?.update(bytes)
    }

    package mutating func update(_ bytes: some Sequence<UInt8>) { bytes.inOnePiece { update($0) } }

    /// Returns the digest of all bytes so far; more may follow.
    package func finish() -> Digest {
        sha512?.finish() ?? (sha256 ?? SHA256Hasher()).finish()
    }
}

private struct SHA512Hasher {
    private var state = SHA512_CTX()

    init() { SHA512_Init(&state) }

    mutating func update(_ bytes: UnsafeRawBufferPointer) { SHA512_Update(&state, bytes.baseAddress, bytes.count) }

    func finish() -> Digest {
        var state = state
        return Digest(.sha512, size: Int(SHA512_DIGEST_LENGTH)) { SHA512_Final($0, &state) }
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

    fileprivate init(_ algorithm: Algorithm, size: Int, _ write: (UnsafeMutablePointer<UInt8>?) -> Void) {
        let digits = Array("0123456789abcdef".utf8)
        let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            write(buffer.baseAddress)
            count = size
        }
        let hex = String(
            decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
        // Its own bytes always give as many lower-case digits as it has.
        guard let digest = try? Digest(algorithm, hex: hex) else { fatalError("unreachable") }
        self = digest
    }
}
