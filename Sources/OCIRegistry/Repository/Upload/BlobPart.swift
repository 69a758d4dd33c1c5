import HTTPTransfer
import NIOCore
import OCIContent
import OCIModel
import Synchronization

/// A part of a blob that is being sent. The bytes of a file are read as often as needed; those of a stream come only
/// once.
struct BlobPart: AsyncSequence, Sendable {
    typealias Element = ByteBuffer
    typealias Failure = any Error

    enum Source: Sendable {
        case file(BlobFile)
        case stream(StreamCursor)

        init(_ body: BlobBody, of blob: Descriptor, from offset: Int64) throws {
            switch body {
            case .file(let path, let check): self = .file(try BlobFile(path, of: blob, check))
            case .stream(let sequence): self = .stream(StreamCursor(sequence, at: offset))
            }
        }
    }

    let source: Source
    let range: Range<Int64>
    let meter: TransferMeter

    func makeAsyncIterator() -> Iterator { Iterator(body: self, position: range.lowerBound) }

    /// Reads the bytes.
    func whole() async throws -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Int(clamping: range.upperBound - range.lowerBound))
        for try await piece in self { bytes += piece.readableBytesView }
        return bytes
    }

    /// The same bytes as a file, if they need not be checked.
    var file: FilePart? {
        guard case .file(let file) = source, let path = file.unread else { return nil }
        return FilePart(path, range) { [meter] in meter.move(to: $0) }
    }

    struct Iterator: AsyncIteratorProtocol {
        let body: BlobPart
        var position: Int64

        mutating func next() async throws -> ByteBuffer? {
            let wanted = body.range.upperBound - position
            guard wanted > 0 else { return nil }
            let piece = try await piece(upTo: wanted)
            position += Int64(piece.readableBytes)
            body.meter.add(Int64(piece.readableBytes))
            return piece
        }

        private mutating func piece(upTo wanted: Int64) async throws -> ByteBuffer {
            do {
                switch body.source {
                case .stream(let cursor): return try await cursor.next(at: position, upTo: wanted)
                case .file(let file): return try await file.read(at: position, upTo: wanted)
                }
            } catch {
                body.meter.setSourceProblem(error)
                throw error
            }
        }
    }
}

/// A blob's stream, cut where an upload's chunks end.
actor StreamCursor {
    private var iterator: any AsyncIteratorProtocol<ByteBuffer, any Error>
    private var position: Int64
    private var rest = ByteBuffer()

    init(_ sequence: any AsyncSequence<ByteBuffer, any Error> & Sendable, at offset: Int64) {
        iterator = Self.iterator(of: sequence)
        position = offset
    }

    private static func iterator<S: AsyncSequence>(
        of sequence: S
    ) -> any AsyncIteratorProtocol<ByteBuffer, any Error> where S.Element == ByteBuffer, S.Failure == any Error {
        sequence.makeAsyncIterator()
    }

    /// Returns the next bytes.
    ///
    /// - Throws: `.interrupted` if `offset` has already been passed.
    func next(at offset: Int64, upTo wanted: Int64) async throws -> ByteBuffer {
        guard offset == position else {
            throw OCIRegistryError(.interrupted, "the bytes of the source cannot be read a second time")
        }
        while rest.readableBytes == 0 {
            var current = iterator
            guard let piece = try await current.next(isolation: self) else {
                throw OCIRegistryError(.interrupted, "the source ended after \(position) bytes")
            }
            iterator = current
            rest = piece
        }
        let count = Int(min(Int64(rest.readableBytes), wanted))
        position += Int64(count)
        return rest.readSlice(length: count) ?? ByteBuffer()
    }
}

/// A meter that counts the bytes of one blob that were sent, and keeps the error of their source.
final class TransferMeter: Sendable {
    private struct State {
        var reported: Int64 = 0
        var sourceProblem: (any Error)?
    }

    private let state = Mutex(State())
    private let digest: Digest
    private let report: @Sendable (TransferEvent) -> Void

    init(_ digest: Digest, _ report: @escaping @Sendable (TransferEvent) -> Void) {
        self.digest = digest
        self.report = report
    }

    func add(_ count: Int64) {
        state.withLock { $0.reported += count }
        report(.moved(digest, count))
    }

    /// Sets the position of the next byte: bytes that were sent beyond it are sent again.
    func move(to offset: Int64) {
        let change = state.withLock { state in
            defer { state.reported = offset }
            return offset - state.reported
        }
        if change != 0 { report(.moved(digest, change)) }
    }

    func setSourceProblem(_ error: any Error) { state.withLock { $0.sourceProblem = error } }

    func takeSourceProblem() -> (any Error)? {
        state.withLock { state in
            defer { state.sourceProblem = nil }
            return state.sourceProblem
        }
    }
}
