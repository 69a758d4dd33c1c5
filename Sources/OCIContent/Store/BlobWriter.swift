import DurableFiles
import OCIModel
import SystemPackage

import struct NIOCore.ByteBuffer

/// A writer of a blob's bytes into a file that counts and hashes them as they pass.
struct BlobWriter {
    private let blob: Descriptor
    private let target: FilePath
    private let observe: @Sendable (TransferEvent) -> Void
    private var hasher: DigestHasher
    private var size: Int64 = 0

    init(_ blob: Descriptor, _ target: FilePath, _ observe: @escaping @Sendable (TransferEvent) -> Void = { _ in }) {
        (self.blob, self.target, self.observe) = (blob, target, observe)
        hasher = DigestHasher(blob.digest.algorithm)
    }

    /// Writes a file's bytes. Blocks.
    ///
    /// - Throws: `ContentError` (`corrupt`) if they are not the blob.
    mutating func copy(_ source: FilePath, to file: FileDescriptor) throws {
        var failure: (any Error)?
        _ = try ContentStore.digest(of: source) { piece in
            do { if failure == nil { try write(piece, to: file) } } catch { failure = error }
        }
        if let failure { throw failure }
        try finish()
    }

    /// Writes the bytes of an asynchronous stream.
    ///
    /// - Throws: `ContentError` (`corrupt`) if they are not the blob; the stream's errors.
    mutating func copy(
        _ source: any AsyncSequence<ByteBuffer, any Error> & Sendable, to file: FileDescriptor
    ) async throws {
        for try await piece in source { try piece.withUnsafeReadableBytes { try write($0, to: file) } }
        try finish()
    }

    private func finish() throws {
        guard size == blob.size else { throw wrong("has \(size) bytes instead of \(blob.size)") }
        guard hasher.finish() == blob.digest else { throw wrong("is damaged") }
    }

    private mutating func write(_ piece: UnsafeRawBufferPointer, to file: FileDescriptor) throws {
        size += Int64(piece.count)
        guard size <= blob.size else { throw wrong("has more than its \(blob.size) bytes") }
        hasher.update(piece)
        do { _ = try file.writeAll(piece) } catch let problem as Errno {
            throw FileError(problem, "cannot write \(target)")
        }
        observe(.moved(blob.digest, Int64(piece.count)))
    }

    private func wrong(_ what: String) -> ContentError {
        ContentError(.corrupt, "the blob \(blob.digest) \(what) in its source")
    }
}
