import NIOHTTP1
import OCIModel
import OCIRegistry
import Scheduling
import Synchronization

/// The use that a run makes of one registry, held to the rules for it.
package final class HostMeter: Sendable {
    private struct State {
        var requests = 0
        var pulls = 0
        /// The pulls of earlier runs that count against the quota.
        var earlier = 0
        /// The pulls that the registry says are left.
        var remaining: Int?
    }

    private let host: RegistryHost
    private let rules: RegistryRules
    private let now: @Sendable () -> Int64
    private let requests: Pacer
    private let referrers: Pacer
    private let bytes: Pacer
    private let state = Mutex(State())

    init(_ host: RegistryHost, _ rules: RegistryRules, time: Timing, now: @escaping @Sendable () -> Int64) {
        self.host = host
        self.rules = rules
        self.now = now
        (requests, referrers, bytes) = (Pacer(time), Pacer(time), Pacer(time))
    }

    package var requestCount: Int { state.withLock { $0.requests } }

    /// The pulls of this run; `nil` where none counts against a quota.
    var count: PullCount? {
        let pulls = state.withLock { $0.pulls }
        return rules.quota == nil || pulls == 0 ? nil : PullCount(host: "\(host)", time: now(), pulls: pulls)
    }

    /// Takes over the pulls of earlier runs, as far as they are within the quota's time.
    func recall(_ counts: [PullCount]) {
        guard let quota = rules.quota else { return }
        let since = now() - quota.nanoseconds / 1_000_000_000
        let pulls = counts.filter { $0.host == "\(host)" && $0.time > since }.reduce(0) { $0 + $1.pulls }
        state.withLock { $0.earlier = pulls }
    }

    private var limits: (requestsPerSecond: Int?, bandwidth: Int64?) {
        rules.limits(at: Timestamp(seconds: now()))
    }

    /// Whether bodies have to be read through `pace`.
    var limitsBandwidth: Bool { limits.bandwidth != nil }

    /// Waits until the request may be sent.
    ///
    /// - Throws: `MirrorError` `.quota` for a pull that the quota does not allow.
    func admit(_ request: RegistryRequest) async throws {
        if request.isPull {
            let isAllowed = state.withLock { state in
                let limit = rules.quota?.pulls ?? .max
                guard state.pulls + state.earlier < limit, state.remaining ?? 1 > 0 else { return false }
                state.pulls += 1
                return true
            }
            guard isAllowed else {
                throw MirrorError(
                    .quota, "the quota of pulls from \(host) is used up",
                    hint: "run it again later: what is done is not done again")
            }
        }
        if let rate = limits.requestsPerSecond { try await requests.wait(taking: .seconds(1) / rate) }
        if request.isReferrersListing, let rate = rules.referrersPerMinute {
            try await referrers.wait(taking: .seconds(60) / rate)
        }
        state.withLock { $0.requests += 1 }
    }

    /// Takes what an answer says about the quota (`ratelimit-remaining: 76;w=21600`).
    func note(_ headers: HTTPHeaders) {
        guard rules.quota != nil, let text = headers.first(name: "ratelimit-remaining"),
            let left = Int(text.prefix { $0.isASCII && $0.isNumber })
        else { return }
        state.withLock { $0.remaining = left }
    }

    /// Waits as long as so many bytes take.
    func pace(_ count: Int) async throws {
        guard let bandwidth = limits.bandwidth, count > 0 else { return }
        try await bytes.wait(taking: .nanoseconds(Int64(count) * 1_000_000_000 / bandwidth))
    }
}

extension RegistryRequest {
    private var path: String {
        switch target {
        case .path(let text), .location(let text): text
        }
    }

    /// Whether registries count this as a pull: the reading of a manifest.
    var isPull: Bool { method == .GET && path.contains("/manifests/") }
    var isReferrersListing: Bool { path.contains("/referrers/") }
}
