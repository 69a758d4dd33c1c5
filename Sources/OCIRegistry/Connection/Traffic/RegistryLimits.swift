package import OCIModel
import Scheduling

/// The limits of requests to registries: every count and every wait has one.
package struct RegistryLimits: Hashable, Sendable {
    /// The number of attempts at a request that connects.
    package var attempts = 6
    /// The attempts at requests to registries for which others are wanted.
    package var attemptsOf: [RegistryHost: Int] = [:]
    /// The number of attempts at a request that does not connect: fewer, so that a machine without a network reports it
    /// soon.
    package var connectionAttempts = 3
    /// The time that an operation may lose before a registry begins to answer, over all attempts.
    package var patience: Duration = .seconds(60)
    /// The time after which an answer is said to be waited for.
    package var quiet: Duration = .seconds(10)
    /// The time that a registry on this machine may take to show what it speaks.
    package var question: Duration = .seconds(5)
    package var redirects = 10
    /// The number of requests to one host that wait for their answer at the same time. Bodies of answers do not count:
    /// a task that reads a blob in order to push it to the same registry would otherwise wait for itself.
    package var requestsPerHost = 8
    /// The number of connections to one host, which exceeds that of requests because bodies are read in the meantime.
    package var connectionsPerHost = 48
    package var connect: Duration = .seconds(10)
    /// The longest silence of a server, and the longest time that one piece of a body may take to be sent.
    package var idle: Duration = .seconds(60)
    /// The time of waiting over which the rate of an answer's body is averaged; it must reach `slowestRate` bytes per
    /// second.
    package var rateWindow: Duration = .seconds(60)
    package var slowestRate: Int64 = 1024
    /// The first pause between two attempts; each further one is twice as long.
    package var firstPause: Duration = .milliseconds(500)
    package var longestPause: Duration = .seconds(30)
    /// The longest wait that a registry may ask for; a longer one is an error that states it.
    package var longestWait: Duration = .seconds(300)
    /// The bytes of an answer that is not content: an error, a token.
    package var smallAnswer = 65536
    package var tokenAnswer = 1 << 20

    package init() {}

    var backoff: Backoff { Backoff(first: firstPause, longest: longestPause) }

    var retries: RetryCourse.Limits {
        RetryCourse.Limits(
            attempts: attempts, connectionAttempts: connectionAttempts, backoff: backoff, longestWait: longestWait)
    }

    /// The bytes per second that a registry takes at least to make received bytes a blob.
    private static let slowestCommit: Int64 = 16 << 20

    /// Returns the time that an operation with this many bytes may lose.
    func patience(ofOperation byteCount: Int64, time: Timing) -> Patience {
        Patience(
            limit: patience + .seconds(max(0, byteCount) / Self.slowestCommit), longestWait: longestWait, time: time)
    }

    /// Returns the limits that apply to one registry.
    func of(_ registry: RegistryHost) -> RegistryLimits {
        var limits = self
        if let attempts = attemptsOf[registry] { (limits.attempts, limits.connectionAttempts) = (attempts, attempts) }
        return limits
    }

    /// Returns the time that a request with this many bytes may take until its answer begins.
    func patience(for byteCount: Int64) -> Duration {
        connect + idle + idle + .seconds(max(0, byteCount) / max(1, slowestRate))
    }
}
