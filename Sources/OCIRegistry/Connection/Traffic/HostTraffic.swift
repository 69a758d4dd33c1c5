import HTTPTransfer
import Scheduling
import Synchronization

/// The rules for all requests to one host: how many at a time, and how long to wait.
final class HostTraffic: Sendable {
    private let turns: Turns<OnlyKey>
    private let time: Timing
    private let heldUntil = Mutex<ContinuousClock.Instant?>(nil)

    init(limits: RegistryLimits, time: Timing) {
        turns = Turns(atOnce: limits.requestsPerHost)
        self.time = time
    }

    /// Holds back all requests for a time from now, because the host asked for it.
    func hold(for wait: Duration) {
        let until = time.now() + wait
        heldUntil.withLock { held in held = max(held ?? until, until) }
    }

    /// Runs a request when it is its turn.
    func request<Result>(_ body: () async throws -> Result) async throws -> Result {
        try await turns.take {
            while let wait = remaining() { try await time.pause(wait) }
            try Task.checkCancellation()
            return try await body()
        }
    }

    private func remaining() -> Duration? {
        heldUntil.withLock { held in
            guard let until = held else { return nil }
            let now = time.now()
            guard now < until else {
                held = nil
                return nil
            }
            return now.duration(to: until)
        }
    }
}

/// The traffic of all hosts of a run, by origin, because two ports are two servers.
final class Traffic: Sendable {
    private let limits: RegistryLimits
    private let time: Timing
    private let hosts = Mutex<[String: HostTraffic]>([:])

    init(limits: RegistryLimits, time: Timing) {
        self.limits = limits
        self.time = time
    }

    func to(_ address: HTTPAddress) -> HostTraffic {
        hosts.withLock { hosts in
            if let host = hosts[address.origin] { return host }
            let host = HostTraffic(limits: limits, time: time)
            hosts[address.origin] = host
            return host
        }
    }
}
