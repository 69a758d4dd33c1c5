/// The clock and the dice, which arrive from outside so that a test need not wait.
package struct Timing: Sendable {
    package var now: @Sendable () -> ContinuousClock.Instant
    /// Waits; must throw `CancellationError` if the task is cancelled.
    package var pause: @Sendable (Duration) async throws -> Void
    /// Returns a number in 0..<1 for each pause, so that many clients do not come back at the same moment.
    package var jitter: @Sendable () -> Double

    package init(
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now },
        pause: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) },
        jitter: @escaping @Sendable () -> Double
    ) {
        self.now = now
        self.pause = pause
        self.jitter = jitter
    }
}

/// The pauses between attempts, each twice as long as the one before.
package struct Backoff: Hashable, Sendable {
    package var first: Duration
    package var longest: Duration

    package init(first: Duration, longest: Duration) {
        self.first = first
        self.longest = longest
    }

    /// Returns the pause after so many failed attempts; a `jitter` in 0..<1 shortens it by up to a half.
    package func pause(after attempts: Int, jitter: Double) -> Duration {
        let doublings = min(max(attempts - 1, 0), 16)
        let full = min(first * (1 << doublings), longest)
        return full * (1 - min(max(jitter, 0), 1) / 2)
    }
}
