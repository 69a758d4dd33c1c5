import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import OCIRegistry
import StubHTTP
import Synchronization
import Testing

@Suite struct BackpressureTests {
    /// A source of pieces as fast as they are taken, which blocks the network's threads when the first one is taken.
    private final class Flood: AsyncSequence, AsyncIteratorProtocol, Sendable {
        static let piece = ByteBuffer(repeating: 1, count: 65536)
        private let state = Mutex((taken: 0, takenMeanwhile: 0, isHeldUp: false))

        var takenMeanwhile: Int { state.withLock { $0.takenMeanwhile } }

        func makeAsyncIterator() -> Flood { self }

        func next() async throws -> ByteBuffer? {
            if state.withLock({ $0.taken }) == 0 { await holdUp() }
            return state.withLock { state in
                state.taken += 1
                if state.isHeldUp { state.takenMeanwhile += 1 }
                return state.taken > 500 ? nil : Self.piece
            }
        }

        /// Blocks every thread of the network, and returns when all are blocked: one that is not yet would still send.
        private func holdUp() async {
            state.withLock { $0.isHeldUp = true }
            let (blocked, begun) = AsyncStream.makeStream(of: Void.self)
            let loops = Array(MultiThreadedEventLoopGroup.singleton.makeIterator())
            for loop in loops {
                loop.execute {
                    begun.yield()
                    Thread.sleep(forTimeInterval: 0.2)
                    self.state.withLock { $0.isHeldUp = false }
                }
            }
            for await _ in blocked.prefix(loops.count) {}
        }
    }

    @Test func `a body is not read ahead of a network that stalls`() async throws {
        let flood = Flood()
        try await StubServer.serving { _, _ in
            .reply(201)
        } _: { server in
            try await ConnectionFixture.connected(to: server.port) { connection, _ in
                var request = RegistryRequest(.PUT, .path("/v2/a/blobs/uploads/1"), scopes: [], accepted: [201])
                request.body = .stream(length: 500 * 65536) { flood }
                _ = try await connection.status(request)
            }
        }
        #expect(flood.takenMeanwhile <= 2)
    }
}
