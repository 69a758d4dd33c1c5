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
        let digits = Array("0123456789abcdef".utf8)
        let hex = state.finalize().flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        // 32 bytes always give 64 lower-case digits.
        guard let digest = try? Digest(hex: String(decoding: hex, as: UTF8.self)) else { fatalError("unreachable") }
        return digest
    }
}

extension Digest {
    /// The digest of a document held in memory.
    package init(of bytes: some Sequence<UInt8>) {
        var hasher = SHA256Hasher()
        hasher.update(bytes)
        self = hasher.finish()
    }
}
