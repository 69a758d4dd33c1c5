package import NIOCore
package import OCIModel

/// The pieces of a blob on their way from a source to its user. The last one is held back until the digest is known to be
/// right, so that nobody gets the whole of something else.
package struct CheckedPieces: Sendable {
    private let blob: Descriptor
    /// Only a blob that is read from its beginning can be checked.
    private var hasher: DigestHasher?
    private var held: ByteBuffer?
    /// The number of bytes of the blob that are here or were handed on.
    package private(set) var position: Int64
    /// Whether anybody has seen a piece.
    package private(set) var hasHandedOn = false
    /// Whether pieces were handed on that turned out not to be the blob's.
    package private(set) var areWrong = false

    /// Takes pieces that begin at `offset` (bytes) of the blob.
    package init(_ blob: Descriptor, from offset: Int64) {
        self.blob = blob
        position = offset
        hasher = offset == 0 ? DigestHasher(blob.digest.algorithm) : nil
    }

    /// Takes a piece, and returns the one before it, to be handed on.
    package mutating func take(_ piece: ByteBuffer) -> ByteBuffer? {
        hasher?.update(piece.readableBytesView)
        position += Int64(piece.readableBytes)
        defer { held = piece }
        return handOn()
    }

    /// Returns the last piece, to be handed on.
    ///
    /// - Throws: `ContentError` `.corrupt` where the pieces are not the blob.
    package mutating func finish() throws(ContentError) -> ByteBuffer? {
        if let actual = hasher?.finish(), actual != blob.digest {
            areWrong = hasHandedOn
            throw ContentError(
                .corrupt, "the bytes received of \(blob.digest) are those of \(actual)",
                hint: "the registry, or something on the way to it, changes content")
        }
        return handOn()
    }

    private mutating func handOn() -> ByteBuffer? {
        guard let piece = held else { return nil }
        (held, hasHandedOn) = (nil, true)
        return piece
    }
}
