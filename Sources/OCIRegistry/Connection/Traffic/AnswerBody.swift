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
        fileprivate var waited: Duration = .zero
        fileprivate var arrived: Int64 = 0

        mutating func next() async throws -> ByteBuffer? {
            let before = body.time.now()
            let piece: ByteBuffer?
            do { piece = try await base.next(isolation: nil) } catch {
                try Task.checkCancellation()
                Patience.current?.lose(since: before)
                throw OCIRegistryError(body.clients.failure(of: error, at: body.address), code: .interrupted)
            }
            waited += before.duration(to: body.time.now())
            arrived += Int64(piece?.readableBytes ?? 0)
            if piece != nil {
                Patience.current?.progress()
                try checkRate()
            }
            return piece
        }

        private mutating func checkRate() throws(OCIRegistryError) {
            let limits = body.limits
            guard waited >= limits.rateWindow else { return }
            let wanted = Double(limits.slowestRate) * (waited / .seconds(1))
            Patience.current?.judge(waited, wasEnough: Double(arrived) >= wanted)
            guard Double(arrived) >= wanted else {
                throw OCIRegistryError(
                    .interrupted, "\(body.address): only \(arrived) bytes arrived in \(waited.components.seconds) s")
            }
            (waited, arrived) = (.zero, 0)
        }
    }

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(base: base.makeAsyncIterator(), body: self) }
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
