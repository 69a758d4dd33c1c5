import Synchronization

/// The time that one operation may lose with a server, shared by all layers that repeat its parts: the first answer must
/// come within `limit` in all, and what has begun may stand still for twice as long.
///
/// Time counts while an attempt waits without anything arriving or leaving, and between attempts; not while the
/// operation waits for its turn.
package final class Patience: Sendable {
    /// The patience of the operation that the task belongs to.
    @TaskLocal package static var current: Patience?

    private struct State: Sendable {
        var spent = Duration.zero
        /// The time that bodies took which only dripped: their pieces are no progress.
        var wasted = Duration.zero
        /// The waits that servers asked for.
        var asked = Duration.zero
        var lastProgress: ContinuousClock.Instant?
        var isExhausted = false
    }

    private let limit: Duration
    private let longestWait: Duration
    private let time: Timing
    private let state = Mutex(State())

    /// - Parameters:
    ///   - limit: The time that may be lost before the first answer.
    ///   - longestWait: The sum of the waits that servers may ask for.
    ///   - time: The clock.
    package init(limit: Duration, longestWait: Duration, time: Timing) {
        (self.limit, self.longestWait, self.time) = (limit, longestWait, time)
    }

    /// Runs `body` with the patience of the operation that it is a part of, or else with a new one.
    package static func sharing<R>(
        _ new: @autoclosure () -> Patience?, _ body: () async throws -> R
    ) async throws -> R {
        guard current == nil, let patience = new() else { return try await body() }
        return try await $current.withValue(patience) { try await body() }
    }

    /// The time that may still be lost.
    package var remaining: Duration { state.withLock { max(.zero, allowed($0) - $0.spent) } }

    private func allowed(_ state: State) -> Duration { state.lastProgress == nil ? limit : limit * 2 }

    /// Whether a layer has tried all that it may, so that those above it need not try again.
    package var isExhausted: Bool { state.withLock { $0.isExhausted || isSpent($0) } }

    private func isSpent(_ state: State) -> Bool { state.spent + state.wasted >= allowed(state) }

    /// Records that a layer has tried all that it may.
    package func exhaust() { state.withLock { $0.isExhausted = true } }

    /// Records that something arrived, or left.
    package func progress() {
        let now = time.now()
        state.withLock { ($0.spent, $0.lastProgress, $0.isExhausted) = (.zero, now, false) }
    }

    /// Records whether a body came fast enough for this long. If not, its pieces do not count.
    package func judge(_ time: Duration, wasEnough: Bool) {
        state.withLock { $0.wasted = wasEnough ? .zero : $0.wasted + time }
    }

    /// The time by the operation's clock.
    package var now: ContinuousClock.Instant { time.now() }

    /// Records that the time since `start` brought nothing of a body, although the server answered.
    package func waste(since start: ContinuousClock.Instant) {
        let now = time.now()
        state.withLock { $0.wasted += start.duration(to: now) }
    }

    /// Runs an attempt; what it waits without progress is lost.
    package func attempt<R>(_ body: () async throws -> R) async throws -> R {
        let start = time.now()
        defer { lose(since: start) }
        return try await body()
    }

    /// Records that the time since `start`, or since the last progress, was lost.
    package func lose(since start: ContinuousClock.Instant) {
        let now = time.now()
        state.withLock { $0.spent += max($0.lastProgress ?? start, start).duration(to: now) }
    }

    /// Waits between two attempts.
    ///
    /// - Parameters:
    ///   - pause: The length of the wait.
    ///   - isAsked: Whether the server asked for it, so that it costs no patience.
    ///   - saying: Says so before the wait.
    /// - Returns: `false`, at once, if there is not that much patience left.
    /// - Throws: `CancellationError`.
    package func pause(_ pause: Duration, isAsked: Bool, saying: () -> Void = {}) async throws -> Bool {
        let isAllowed = state.withLock { state in
            guard pause > .zero else { return !isSpent(state) }
            if isAsked {
                state.asked += pause
                return state.asked <= longestWait
            }
            state.spent += pause
            return !isSpent(state)
        }
        if isAllowed, pause > .zero {
            saying()
            try await time.pause(pause)
        }
        return isAllowed
    }

    /// The longest time that the next attempt may take to be answered: some is left for another one, unless the last has
    /// come.
    package var share: Duration { max(remaining * 2 / 3, .seconds(1)) }
}
