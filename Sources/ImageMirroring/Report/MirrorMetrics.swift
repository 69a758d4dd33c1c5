package import CoreMetrics
import Synchronization

/// The figures of a run, while it goes on and at its end.
package final class MirrorMetrics: Sendable {
    package static let help = [
        lastSuccess: "When a tag was last seen to be mirrored.",
        tags: "Tags of the last run by what became of them.",
        requests: "Requests of the last run.",
        bytes: "Bytes of blobs that the last run sent.",
        end: "When the last run ended.",
    ]
    private static let lastSuccess = "imagebuild_mirror_last_success_timestamp_seconds"
    private static let tags = "imagebuild_mirror_tags"
    private static let requests = "imagebuild_mirror_requests"
    private static let bytes = "imagebuild_mirror_bytes"
    private static let end = "imagebuild_mirror_run_timestamp_seconds"

    private let factory: any MetricsFactory
    /// The last successes that earlier runs told of, by the series as it is written.
    private let earlier: [String: Int64]
    private let counts = Mutex((outcomes: [Outcome: Int](), bytes: Int64(0)))

    /// Creates the figures of a run.
    ///
    /// - Parameters:
    ///   - factory: The receiver of the figures.
    ///   - previous: The text of an earlier run's figures, from which the last success of tags that now fail is kept.
    package init(_ factory: any MetricsFactory, after previous: String = "") {
        self.factory = factory
        var earlier: [String: Int64] = [:]
        for line in previous.split(separator: "\n") where line.hasPrefix(Self.lastSuccess + "{") {
            guard let end = line.lastIndex(of: " ") else { continue }
            earlier[String(line[..<end])] = Int64(line[line.index(after: end)...])
        }
        self.earlier = earlier
        for outcome in Outcome.allCases { show(outcome, 0) }
        gauge(Self.bytes).record(0)
    }

    /// Takes a result as soon as it is there.
    ///
    /// - Parameters:
    ///   - result: The result for one tag.
    ///   - now: The time in seconds since the epoch.
    ///   - requests: The requests of the run so far.
    package func note(_ result: MirrorResult, at now: Int64, requests: Int) {
        let (count, bytes) = counts.withLock { counts in
            counts.outcomes[result.outcome, default: 0] += 1
            counts.bytes &+= result.bytes
            return (counts.outcomes[result.outcome] ?? 0, counts.bytes)
        }
        show(result.outcome, count)
        gauge(Self.bytes).record(bytes)
        gauge(Self.requests).record(requests)
        guard !result.tag.isEmpty else { return }
        let labels = [("target", result.target), ("tag", result.tag)]
        let series = Self.lastSuccess + #"{target="\#(result.target)",tag="\#(result.tag)"}"#
        if let time = result.outcome.isGreen ? now : earlier[series] { gauge(Self.lastSuccess, labels).record(time) }
    }

    /// Takes the end of the run.
    package func ended(at now: Int64, requests: Int) {
        gauge(Self.requests).record(requests)
        gauge(Self.end).record(now)
    }

    private func show(_ outcome: Outcome, _ count: Int) {
        gauge(Self.tags, [("outcome", outcome.rawValue)]).record(count)
    }

    private func gauge(_ name: String, _ labels: [(String, String)] = []) -> Gauge {
        Gauge(label: name, dimensions: labels, factory: factory)
    }
}
