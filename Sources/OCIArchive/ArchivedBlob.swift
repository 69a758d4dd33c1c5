import LayerArchive
package import NIOCore
import OCIContent
import OCIModel

/// A member of an archive that is read as a blob: it comes in pieces, and is verified before the last one is returned.
///
/// It is always read from its start, because its digest covers all of it; pieces before `offset` are not returned.
package struct ArchivedBlob: AsyncSequence, Sendable {
    let table: TarTable
    let slice: TarTable.Slice
    let blob: Descriptor
    let offset: Int64

    package struct AsyncIterator: AsyncIteratorProtocol {
        private static let pieceSize = 512 << 10

        fileprivate let source: ArchivedBlob
        private var hasher: DigestHasher
        private var position: Int64 = 0

        fileprivate init(_ source: ArchivedBlob) {
            self.source = source
            hasher = DigestHasher(source.blob.digest.algorithm)
        }

        package mutating func next() async throws -> ByteBuffer? {
            while position < source.blob.size {
                try Task.checkCancellation()
                var piece = try readPiece()
                let start = position - Int64(piece.readableBytes)
                if position >= source.blob.size, hasher.finish() != source.blob.digest {
                    throw ContentError(.corrupt, "the blob \(source.blob.digest) in \(source.table.file) is damaged")
                }
                guard position > source.offset else { continue }
                piece.moveReaderIndex(forwardBy: Int(Swift.max(0, source.offset - start)))
                return piece
            }
            return nil
        }

        private mutating func readPiece() throws -> ByteBuffer {
            var piece = ByteBufferAllocator().buffer(capacity: Self.pieceSize)
            let (source, position) = (source, position)
            let count = try piece.writeWithUnsafeMutableBytes(minimumWritableBytes: Self.pieceSize) { bytes in
                try source.table.read(source.slice, at: position, into: bytes)
            }
            guard count > 0 else {
                throw ContentError(.corrupt, "the blob \(source.blob.digest) in \(source.table.file) ends too early")
            }
            piece.withUnsafeReadableBytes { hasher.update($0) }
            self.position += Int64(count)
            return piece
        }
    }

    package func makeAsyncIterator() -> AsyncIterator { AsyncIterator(self) }
}
