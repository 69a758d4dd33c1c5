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
            if state.withLock({ $0.taken }) == 0 { holdUp() }
            return state.withLock { state in
                state.taken += 1
                if state.isHeldUp { state.takenMeanwhile += 1 }
                return state.taken > 500 ? nil : Self.piece
            }
        }

        private func holdUp() {
            state.withLock { $0.isHeldUp = true }
            for loop in MultiThreadedEventLoopGroup.singleton.makeIterator() {
                loop.execute {
                    Thread.sleep(forTimeInterval: 0.2)
                    self.state.withLock { $0.isHeldUp = false }
                }
            }
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
