package import NIOCore
package import OCIModel

/// The pieces of a blob between a source and its consumer. The last one is held back until the digest is known to
/// match, so that a blob with the wrong bytes is never passed on whole.
package struct CheckedPieces: Sendable {
    private let blob: Descriptor
    /// The hasher of the blob, which can only be checked if it is read from its beginning.
    private var hasher: DigestHasher?
    private var held: ByteBuffer?
    /// The number of bytes of the blob that are held or were passed on.
    package private(set) var position: Int64
    /// Whether a piece was passed on.
    package private(set) var hasHandedOn = false
    /// Whether pieces were passed on that turned out not to be the blob's.
    package private(set) var areWrong = false

    /// Takes pieces that begin at `offset` (bytes) of the blob.
    package init(_ blob: Descriptor, from offset: Int64) {
        self.blob = blob
        position = offset
        hasher = offset == 0 ? DigestHasher(blob.digest.algorithm) : nil
    }

    /// Takes a piece, and returns the previous one to be passed on.
    package mutating func take(_ piece: ByteBuffer) -> ByteBuffer? {
        hasher?.update(piece.readableBytesView)
        position += Int64(piece.readableBytes)
        defer { held = piece }
        return handOn()
    }

    /// Returns the last piece to be passed on.
    ///
    /// - Throws: `ContentError` `.corrupt` if the pieces are not the blob.
    package mutating func finish() throws(ContentError) -> ByteBuffer? {
        if let actual = hasher?.finish(), actual != blob.digest {
            areWrong = hasHandedOn
            throw ContentError(
                .corrupt, "the bytes received for \(blob.digest) have the digest \(actual)",
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
