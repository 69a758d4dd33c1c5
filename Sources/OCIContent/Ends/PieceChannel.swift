package import NIOCore
import Synchronization

/// A channel for a few pieces of a blob between the task that receives them and the one that consumes them; the first
/// waits while there are too many, the second while there are none.
package final class PieceChannel: AsyncSequence, Sendable {
    package typealias Element = ByteBuffer
    package typealias Failure = any Error

    private struct State {
        var pieces: [ByteBuffer] = []
        var bytes = 0
        var end: Result<Void, any Error>?
        var user: CheckedContinuation<ByteBuffer?, any Error>?
        var receiver: CheckedContinuation<Void, any Error>?
    }

    /// The capacity in bytes.
    private static let capacity = 512 << 10
    private let state = Mutex(State())

    package init() {}

    /// Sends a piece, and waits until there is room after it.
    ///
    /// - Throws: `CancellationError` if the consumer is gone.
    package func send(_ piece: ByteBuffer) async throws {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                let (user, now) = state.withLock { state in
                    if state.end != nil {
                        return (nil, Result<Void, any Error>.failure(CancellationError()))
                            as (CheckedContinuation<ByteBuffer?, any Error>?, Result<Void, any Error>?)
                    }
                    if let user = state.user {
                        state.user = nil
                        return (user, .success(()))
                    }
                    state.pieces.append(piece)
                    state.bytes += piece.readableBytes
                    guard state.bytes >= Self.capacity else { return (nil, .success(())) }
                    state.receiver = continuation
                    return (nil, nil)
                }
                user?.resume(returning: piece)
                if let now { continuation.resume(with: now) }
            }
        } onCancel: {
            finish(throwing: CancellationError())
        }
    }

    /// Ends the channel. No piece is accepted afterwards; only the first call counts.
    package func finish(throwing error: (any Error)? = nil) {
        let (user, receiver) = state.withLock { state in
            if state.end == nil { state.end = error.map { .failure($0) } ?? .success(()) }
            defer { (state.user, state.receiver) = (nil, nil) }
            return (state.user, state.receiver)
        }
        receiver?.resume(throwing: CancellationError())
        if let error { user?.resume(throwing: error) } else { user?.resume(returning: nil) }
    }

    fileprivate func next() async throws -> ByteBuffer? {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<ByteBuffer?, any Error>) in
                let (receiver, now) = state.withLock {
                    state -> (CheckedContinuation<Void, any Error>?, Result<ByteBuffer?, any Error>?) in
                    if !state.pieces.isEmpty {
                        let piece = state.pieces.removeFirst()
                        state.bytes -= piece.readableBytes
                        defer { if state.bytes < Self.capacity { state.receiver = nil } }
                        return (state.bytes < Self.capacity ? state.receiver : nil, .success(piece))
                    }
                    if let end = state.end { return (nil, end.map { nil }) }
                    state.user = continuation
                    return (nil, nil)
                }
                receiver?.resume()
                if let now { continuation.resume(with: now) }
            }
        } onCancel: {
            finish(throwing: CancellationError())
        }
    }

    package func makeAsyncIterator() -> Iterator { Iterator(channel: self) }

    package struct Iterator: AsyncIteratorProtocol {
        fileprivate let channel: PieceChannel
        package func next() async throws -> ByteBuffer? { try await channel.next() }
    }
}
