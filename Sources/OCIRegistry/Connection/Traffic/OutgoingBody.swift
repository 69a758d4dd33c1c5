import HTTPTransfer
import NIOCore
import Scheduling
import Synchronization

/// The progress of a request's body: when the connection took the last piece, and whether the source caused the end.
final class OutgoingProgress: Sendable {
    private struct State {
        /// The time at which the piece was handed over that has not been sent yet.
        var handedOut: ContinuousClock.Instant?
        var sourceError: (any Error)?
    }

    private let state = Mutex(State())
    private let time: Timing
    private let patience = Patience.current

    init(time: Timing) { self.time = time }

    /// The error of the body's own source, if it failed, which is not a failure of the connection.
    var sourceError: (any Error)? { state.withLock { $0.sourceError } }

    /// Records that no piece is waiting to be sent.
    func asked() {
        state.withLock { $0.handedOut = nil }
        patience?.progress()
    }

    /// Records that a piece is waiting to be sent.
    func handOut() {
        let now = time.now()
        state.withLock { $0.handedOut = now }
        patience?.progress()
    }

    fileprivate func failed(_ error: any Error) { state.withLock { $0.sourceError = error } }

    /// Ends with an error if a piece has not been sent for `limit`: the library has no such limit for a server that
    /// stops reading.
    func watch(limit: Duration, address: HTTPAddress) async throws {
        while true {
            try await Task.sleep(for: max(limit / 8, .milliseconds(10)))
            let handedOut = state.withLock { $0.handedOut }
            if let handedOut, handedOut.duration(to: time.now()) > limit {
                throw HTTPTransferError(.stalled, "\(address): the server stopped reading for \(limit)")
            }
        }
    }
}

/// The pieces of a body as they are, exactly `length` bytes of them.
struct OutgoingBody: AsyncSequence, Sendable {
    typealias Element = ByteBuffer

    let base: any AsyncSequence<ByteBuffer, any Error> & Sendable
    let length: Int64
    let clients: HTTPClients
    let progress: OutgoingProgress

    struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate var base: any AsyncIteratorProtocol<ByteBuffer, any Error>
        fileprivate var left: Int64
        fileprivate let clients: HTTPClients
        fileprivate let progress: OutgoingProgress

        mutating func next() async throws -> ByteBuffer? {
            try await clients.settle()
            progress.asked()
            do {
                guard let piece = try await base.next(isolation: nil) else {
                    guard left == 0 else { throw Self.wrong("\(left) bytes too short") }
                    return nil
                }
                guard piece.readableBytes <= left else { throw Self.wrong("longer than announced") }
                left -= Int64(piece.readableBytes)
                progress.handOut()
                return piece
            } catch {
                progress.failed(error)
                throw error
            }
        }

        private static func wrong(_ how: String) -> OCIRegistryError {
            OCIRegistryError(.corrupt, "the body to send is \(how)")
        }
    }

    func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(base: base.makeAsyncIterator(), left: length, clients: clients, progress: progress)
    }
}
