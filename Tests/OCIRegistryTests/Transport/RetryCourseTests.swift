import Scheduling
import Synchronization
import TestSupport
import Testing

@testable import OCIRegistry

@Suite struct RetryCourseTests {
    /// Returns the pauses of a course that never succeeds, in seconds.
    private func pauses(_ setback: RetryCourse.Setback, _ change: (inout RegistryLimits) -> Void) -> [Double] {
        var limits = RegistryLimits()
        change(&limits)
        var course = RetryCourse(limits.retries)
        var pauses: [Double] = []
        while case .again(let pause, _) = course.next(after: setback, jitter: 0) { pauses.append(pause / .seconds(1)) }
        return pauses
    }

    @Test func `pauses double up to the longest one`() {
        let found = pauses(.busy(retryAfter: nil)) {
            ($0.attempts, $0.firstPause, $0.longestPause) = (6, .seconds(1), .seconds(5))
        }
        #expect(found == [1, 2, 4, 5, 5])
    }

    @Test func `a requested wait never shortens a pause`() {
        let found = pauses(.busy(retryAfter: .seconds(3))) {
            ($0.attempts, $0.firstPause) = (5, .seconds(1))
        }
        #expect(found == [3, 3, 4, 8])
    }

    @Test func `temporary failures are told from permanent ones`() {
        for status in [408, 425, 429, 499, 500, 502, 503, 504, 520, 522, 524] as [UInt] {
            #expect(AttemptFailure.isPassing(status), "\(status)")
        }
        for status in [400, 401, 403, 404, 405, 413, 416, 501, 505, 519, 525] as [UInt] {
            #expect(!AttemptFailure.isPassing(status), "\(status)")
        }
    }

    @Test func `a host's wait is never shortened by another`() async throws {
        let now = Mutex(ContinuousClock.now)
        let waited = Mutex<[Duration]>([])
        let time = Timing(
            now: { now.withLock { $0 } },
            pause: { pause in
                now.withLock { $0 += pause }
                waited.withLock { $0.append(pause) }
            }, jitter: { 0 })
        let host = HostTraffic(limits: RegistryLimits(), time: time)
        host.hold(for: .seconds(20))
        host.hold(for: .seconds(2))
        try await host.request {}
        #expect(waited.withLock { $0 } == [.seconds(20)])
    }

    @Test func `turns come in order of arrival, and not to cancelled tasks`() async throws {
        let (turns, order) = (Turns<OnlyKey>(), Order())
        let (opened, open) = AsyncStream<Void>.makeStream()
        let isHeld = Flag()
        let holder = Task {
            try await turns.take {
                isHeld.raise()
                for await _ in opened { break }
            }
        }
        try await until { isHeld.isRaised }
        var waiting: [Task<Void, any Error>] = []
        for number in 0..<4 {
            waiting.append(Task { try await turns.take { order.append(number) } })
            try await until { turns.waitingCount == number + 1 }
        }
        waiting[1].cancel()
        // This ends before anything has been returned.
        await #expect(throws: CancellationError.self) { try await waiting[1].value }
        #expect(order.numbers == [])
        open.yield()
        try await holder.value
        for number in [0, 2, 3] { try await waiting[number].value }
        #expect(order.numbers == [0, 2, 3])
    }

    private final class Order: Sendable {
        private let state = Mutex<[Int]>([])
        var numbers: [Int] { state.withLock { $0 } }
        func append(_ number: Int) { state.withLock { $0.append(number) } }
    }

    @Test func `a token's lifetime is at most a day and at least a minute`() {
        func life(_ text: String) -> Int64? { TokenAnswer(Array(#"{"token":"t"\#(text)}"#.utf8))?.life }
        #expect(life(#","expires_in":1e9"#) == 86400)
        #expect(life(#","expires_in":5"#) == 60)
        #expect(life("") == 60)
        #expect(life(#","expires_in":300.9"#) == 300)
    }
}
