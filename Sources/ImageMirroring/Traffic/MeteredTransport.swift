import NIOCore
import NIOHTTP1
import OCIModel
package import OCIRegistry
package import Scheduling
import Synchronization

/// The meters of all registries of a run.
package final class Meters: Sendable {
    private let rules: [RegistryHost: RegistryRules]
    private let time: Timing
    private let now: @Sendable () -> Int64
    private let explain: (@Sendable (String) -> Void)?
    private let meters = Mutex<[RegistryHost: HostMeter]>([:])
    private let earlier = Mutex<[PullCount]>([])

    /// Creates the meters.
    ///
    /// - Parameters:
    ///   - file: The file that has the rules.
    ///   - shards: The number of processes that share each registry's limits.
    ///   - time: The clock for pauses.
    ///   - now: Returns the seconds since the epoch.
    ///   - explain: Receives a line for each request that says why it was sent.
    package init(
        _ file: MirrorFile, shards: Int = 1, time: Timing, now: @escaping @Sendable () -> Int64,
        explain: (@Sendable (String) -> Void)? = nil
    ) {
        rules = file.registries.mapValues { $0.divided(by: shards) }
        self.time = time
        self.now = now
        self.explain = explain
    }

    /// Puts a meter between a registry's repositories and its connection.
    package func wrap(_ connection: RegistryConnection) -> any RegistryTransport {
        let meter = meters.withLock { meters in
            let host = connection.registry
            if let known = meters[host] { return known }
            let meter = HostMeter(host, rules[host] ?? RegistryRules(), time: time, now: now)
            meter.recall(earlier.withLock { $0 })
            meters[host] = meter
            return meter
        }
        return MeteredTransport(base: connection, meter: meter, explain: explain)
    }

    /// Takes over the pulls of earlier runs, before the first registry is asked.
    package func recall(_ counts: [PullCount]) { earlier.withLock { $0 = counts } }

    /// The pulls of this run that count against quotas.
    package var pulls: [PullCount] { meters.withLock { $0.values.compactMap(\.count) } }

    /// The requests so far, to all registries.
    package var requests: Int { meters.withLock { $0.values.reduce(0) { $0 + $1.requestCount } } }
}

/// A transport that counts requests and holds them back as the rules for their registry demand.
struct MeteredTransport: RegistryTransport {
    let base: RegistryConnection
    let meter: HostMeter
    let explain: (@Sendable (String) -> Void)?

    var host: String { base.host }

    func patience(ofOperation byteCount: Int64) -> Patience? { base.patience(ofOperation: byteCount) }

    func send<R: Sendable>(
        _ request: RegistryRequest, _ use: @Sendable (RegistryResponse) async throws -> R
    ) async throws -> R {
        try await meter.admit(request)
        RequestTally.current?.addRequest()
        explain?("\(request.method) \(host)\(request.target): \(request.why)")
        var request = request
        if meter.limitsBandwidth, case .stream(let length, _, let open) = request.body {
            request.body = .stream(length: length) { [meter] in PacedBody(base: try await open(), meter: meter) }
        }
        if case .bytes(let bytes) = request.body { try await meter.pace(bytes.count) }
        return try await base.send(request) { response in
            meter.note(response.headers)
            guard meter.limitsBandwidth else { return try await use(response) }
            var response = response
            response.body = PacedBody(base: response.body, meter: meter)
            return try await use(response)
        }
    }
}

extension RegistryRequest {
    /// The reason for the request, from its kind and the purpose of the task that sends it.
    fileprivate var why: String {
        let text = "\(target)"
        let kind =
            switch method {
            case .HEAD where text.contains("/blobs/"): "is the blob there"
            case .HEAD: "what does the name stand for"
            case .GET where isReferrersListing: "what refers to this document"
            case .GET where text.hasSuffix("/tags/list"): "which tags are there"
            case .GET where text.contains("/blobs/"): "read the blob"
            case .GET: "read the document"
            case .POST: "mount the blob, or begin to send it"
            case .PATCH: "send a piece of the blob"
            case .PUT where text.contains("/manifests/"): "write the document or its tag"
            case .PUT: "send the blob"
            default: "remove"
            }
        return kind + (RequestTally.current.map { " (\($0.purpose))" } ?? "")
    }
}

/// A body that is read no faster than a meter allows.
private struct PacedBody: AsyncSequence, Sendable {
    typealias Element = ByteBuffer
    typealias Failure = any Error

    let base: any AsyncSequence<ByteBuffer, any Error> & Sendable
    let meter: HostMeter

    func makeAsyncIterator() -> Iterator { Iterator(base: base.makeAsyncIterator(), meter: meter) }

    struct Iterator: AsyncIteratorProtocol {
        var base: any AsyncIteratorProtocol<ByteBuffer, any Error>
        let meter: HostMeter

        mutating func next() async throws -> ByteBuffer? {
            guard let piece = try await base.next(isolation: #isolation) else { return nil }
            try await meter.pace(piece.readableBytes)
            return piece
        }
    }
}

extension RegistryRules {
    /// Returns the rules for one of several processes that share a registry; each may do at least something.
    func divided(by count: Int) -> RegistryRules {
        guard count > 1 else { return self }
        var rules = self
        rules.requestsPerSecond = requestsPerSecond.map { Swift.max(1, $0 / count) }
        rules.referrersPerMinute = referrersPerMinute.map { Swift.max(1, $0 / count) }
        rules.bandwidth = bandwidth.map { Swift.max(1000, $0 / Int64(count)) }
        rules.quota?.pulls /= count
        rules.windows = windows.map { window in
            var window = window
            window.requestsPerSecond = window.requestsPerSecond.map { Swift.max(1, $0 / count) }
            window.bandwidth = window.bandwidth.map { Swift.max(1000, $0 / Int64(count)) }
            return window
        }
        return rules
    }
}
