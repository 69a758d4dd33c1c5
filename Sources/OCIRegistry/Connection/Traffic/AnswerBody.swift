import AsyncHTTPClient
import HTTPTransfer
import NIOCore
import Scheduling

/// An answer's body, whose pieces must arrive at an acceptable rate; the time that its reader takes does not count.
struct AnswerBody: AsyncSequence, Sendable {
    typealias Element = ByteBuffer

    let base: HTTPClientResponse.Body
    let address: HTTPAddress
    let clients: HTTPClients
    let limits: RegistryLimits
    let time: Timing

    struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate var base: HTTPClientResponse.Body.AsyncIterator
        fileprivate let body: AnswerBody
        fileprivate var rate: BodyRate

        mutating func next() async throws -> ByteBuffer? {
            let before = body.time.now()
            let piece: ByteBuffer?
            do { piece = try await base.next(isolation: nil) } catch {
                try Task.checkCancellation()
                Patience.current?.lose(since: before)
                throw OCIRegistryError(body.clients.failure(of: error, at: body.address), code: .interrupted)
            }
            guard let piece else { return nil }
            Patience.current?.progress()
            if let slowness = rate.add(piece.readableBytes, in: before.duration(to: body.time.now())) {
                throw OCIRegistryError(.interrupted, "\(body.address): \(slowness)")
            }
            return piece
        }
    }

    func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(
            base: base.makeAsyncIterator(), body: self,
            rate: BodyRate(over: limits.rateWindow, atLeast: limits.slowestRate))
    }
}

/// A short body that was already read, so that its connection could be reused.
struct ReadBody: AsyncSequence, Sendable {
    typealias Element = ByteBuffer

    let bytes: ByteBuffer

    struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate var bytes: ByteBuffer?

        mutating func next() async throws -> ByteBuffer? {
            defer { bytes = nil }
            return bytes.flatMap { $0.readableBytes > 0 ? $0 : nil }
        }
    }

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(bytes: bytes) }
}
