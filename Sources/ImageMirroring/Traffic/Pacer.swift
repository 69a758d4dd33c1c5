import Scheduling
import Synchronization

/// A queue in which each piece of use takes its time, so that a rate is kept however many tasks there are.
final class Pacer: Sendable {
    private let time: Timing
    private let free = Mutex<ContinuousClock.Instant?>(nil)

    init(_ time: Timing) { self.time = time }

    /// Waits until it is this user's turn; the next one's is so much later.
    func wait(taking cost: Duration) async throws {
        let now = time.now()
        let turn = free.withLock { free in
            let turn = max(free ?? now, now)
            free = turn + cost
            return turn
        }
        if turn > now { try await time.pause(now.duration(to: turn)) }
    }
}
