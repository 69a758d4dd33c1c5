import DurableFiles
import NIOCore
import OCIContent
import OCIModel
import Scheduling
import Synchronization

import struct SystemPackage.Errno
import struct SystemPackage.FileDescriptor
import struct SystemPackage.FilePath

/// A blob's file, read in large pieces on threads that may block, as often as needed.
///
/// Unverified bytes are hashed when they are sent for the first time, and the blob's last bytes are not handed out if
/// the digest does not match: the registry never receives a blob with the wrong bytes whole.
final class BlobFile: Sendable {
    private static let pieceSize: Int64 = 512 << 10
    private static let pieceCount = 4

    private struct State {
        /// The last pieces that were handed out. The oldest is filled again when its consumer is done with it:
        /// allocating such pieces anew on many threads makes the process several times as large.
        var pieces: [ByteBuffer] = []
        /// The hasher of the bytes before `hashed`; `nil` if the file is known to be right.
        var hasher: DigestHasher?
        var hashed: Int64 = 0
    }

    private let path: FilePath
    private let blob: Descriptor
    private let file: FileDescriptor
    private let state: Mutex<State>

    init(_ path: FilePath, of blob: Descriptor, _ check: FileCheck) throws {
        (self.path, self.blob) = (path, blob)
        file = try FileSystem.open(path, .readOnly, "cannot read \(path)")
        state = Mutex(State(hasher: check != .unknown ? nil : DigestHasher(blob.digest.algorithm)))
    }

    deinit { try? file.close() }

    /// The file from which the bytes can be sent without being read by this process; `nil` unless they are known to be
    /// right.
    var unread: FilePath? { state.withLock { $0.hasher == nil } ? path : nil }

    /// Returns the bytes from `offset` on: at least one, at most `wanted`.
    ///
    /// - Throws: `ContentError` `.corrupt` instead of the blob's last bytes if its digest does not match.
    func read(at offset: Int64, upTo wanted: Int64) async throws -> ByteBuffer {
        let count = Int(min(wanted, Self.pieceSize))
        return try await BlockingPool.files.run { [self] _ in
            try state.withLock { state in
                // If an upload is resumed, the bytes that were sent before are hashed first.
                while state.hasher != nil, state.hashed < offset {
                    _ = try piece(at: state.hashed, Int(min(Self.pieceSize, offset - state.hashed)), &state)
                }
                return try piece(at: offset, count, &state)
            }
        }
    }

    private func piece(at offset: Int64, _ count: Int, _ state: inout State) throws -> ByteBuffer {
        var piece = state.pieces.count < Self.pieceCount ? ByteBuffer() : state.pieces.removeFirst()
        piece.clear(minimumCapacity: count)
        do {
            try piece.writeWithUnsafeMutableBytes(minimumWritableBytes: count) {
                try file.read(fromAbsoluteOffset: offset, into: UnsafeMutableRawBufferPointer(rebasing: $0[..<count]))
            }
        } catch let problem as Errno { throw FileError(problem, "cannot read \(path)") }
        guard piece.readableBytes > 0 else { throw ContentError(.corrupt, "\(path) ended at \(offset) bytes") }
        state.pieces.append(piece)
        try check(piece, at: offset, &state)
        return piece
    }

    private func check(_ piece: ByteBuffer, at offset: Int64, _ state: inout State) throws {
        // A piece that is sent again may begin or end elsewhere.
        guard state.hasher != nil, offset + Int64(piece.readableBytes) > state.hashed else { return }
        let new = piece.readableBytesView.dropFirst(Int(state.hashed - offset))
        new.withUnsafeBytes { state.hasher?.update($0) }
        state.hashed += Int64(new.count)
        guard state.hashed == blob.size else { return }
        guard state.hasher?.finish() == blob.digest else { throw ContentError(damaged: blob.digest, at: path) }
        state.hasher = nil
    }
}
