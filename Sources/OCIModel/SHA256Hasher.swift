import Crypto

/// SHA-256 over bytes that arrive in pieces. The only place that knows the crypto library.
package struct SHA256Hasher: Sendable {
    private var state = SHA256()

    package init() {}

    package mutating func update(_ bytes: UnsafeRawBufferPointer) { state.update(bufferPointer: bytes) }

    package mutating func update(_ bytes: some Sequence<UInt8>) {
        if bytes.withContiguousStorageIfAvailable({ state.update(bufferPointer: UnsafeRawBufferPointer($0)) }) == nil {
            Array(bytes).withUnsafeBytes { state.update(bufferPointer: $0) }
        }
    }

    /// The digest of all bytes so far; more may follow.
    package func finish() -> Digest {
        // 32 bytes always give 64 lower-case digits.
        guard let digest = try? Digest(hex: hexadecimal(state.finalize())) else { fatalError("unreachable") }
        return digest
    }
}

/// SHA-512 over bytes that arrive in pieces: registries may be asked for content by it.
package struct SHA512Hasher: Sendable {
    private var state = SHA512()

    package init() {}

    package mutating func update(_ bytes: UnsafeRawBufferPointer) { state.update(bufferPointer: bytes) }

    /// The 128 lower-case hexadecimal digits of all bytes so far.
    package func finish() -> String { hexadecimal(state.finalize()) }
}

private func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
}

extension Digest {
    /// The digest of a document held in memory.
    package init(of bytes: some Sequence<UInt8>) {
        var hasher = SHA256Hasher()
        hasher.update(bytes)
        self = hasher.finish()
    }
}
