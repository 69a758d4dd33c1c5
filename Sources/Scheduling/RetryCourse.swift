/// The attempts at one request to one server: whether and when it is sent again. It is a pure value that neither waits nor
/// communicates.
package struct RetryCourse: Sendable {
    package struct Limits: Hashable, Sendable {
        /// The attempts in all, and those of which none connected.
        package var attempts: Int
        package var connectionAttempts: Int
        package var backoff: Backoff
        /// The longest wait that a server may ask for.
        package var longestWait: Duration

        package init(attempts: Int, connectionAttempts: Int, backoff: Backoff, longestWait: Duration) {
            (self.attempts, self.connectionAttempts) = (attempts, connectionAttempts)
            (self.backoff, self.longestWait) = (backoff, longestWait)
        }
    }

    /// The ways in which an attempt can fail that another one may mend.
    package enum Setback: Sendable {
        /// There was no connection, or no word on it.
        case unconnected
        case interrupted
        /// The server asked for another attempt, possibly after a wait.
        case busy(retryAfter: Duration?)
    }

    package enum Step: Hashable, Sendable {
        /// `isAsked` if the server asked for at least that pause.
        case again(after: Duration, isAsked: Bool)
        /// There were as many attempts as there may be.
        case end
        /// The server asks for more than the longest wait.
        case refused(wait: Duration)
    }

    private let limits: Limits
    package private(set) var attempts = 0
    /// The number of attempts that there may be, as the last one ended.
    package private(set) var attemptLimit: Int

    package init(_ limits: Limits) {
        self.limits = limits
        attemptLimit = limits.attempts
    }

    /// Returns the next step; a `jitter` in 0..<1 shortens the pause by up to a half.
    package mutating func next(after setback: Setback, jitter: Double) -> Step {
        attempts += 1
        attemptLimit = if case .unconnected = setback { limits.connectionAttempts } else { limits.attempts }
        guard attempts < attemptLimit else { return .end }
        let pause = limits.backoff.pause(after: attempts, jitter: jitter)
        guard case .busy(let asked?) = setback else { return .again(after: pause, isAsked: false) }
        guard asked <= limits.longestWait else { return .refused(wait: asked) }
        return .again(after: max(asked, pause), isAsked: true)
    }

    /// Returns a message with the number of attempts that led to it.
    package func told(_ message: String) -> String { attempts > 1 ? message + " (\(attempts) attempts)" : message }
}
