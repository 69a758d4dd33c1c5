package import CoreMetrics
import Synchronization

/// Values that code reports through swift-metrics, as Prometheus reads them.
///
/// Counters, gauges and meters are kept; values that need a distribution (histograms, timers) keep their last one.
package final class ExposedMetrics: MetricsFactory, Sendable {
    private struct Series: Hashable {
        var name: String
        /// The labels as they are written: `{target="a",tag="b"}`, or nothing.
        var labels: String
    }

    private struct State {
        var values: [Series: Double] = [:]
        var kinds: [String: String] = [:]
    }

    private let help: [String: String]
    private let state = Mutex(State())

    /// Creates metrics without values.
    ///
    /// - Parameter help: A sentence about each metric, by its name.
    package init(help: [String: String] = [:]) { self.help = help }

    /// The values in Prometheus' text format: metrics and series in the order of their names, the same values the same
    /// bytes.
    package var text: String {
        let state = state.withLock { $0 }
        var lines: [String] = []
        for (name, series) in Dictionary(grouping: state.values, by: \.key.name).sorted(by: { $0.key < $1.key }) {
            if let help = help[name] { lines.append("# HELP \(name) \(help)") }
            lines.append("# TYPE \(name) \(state.kinds[name] ?? "untyped")")
            lines += series.sorted { $0.key.labels < $1.key.labels }.map {
                "\($0.key.name)\($0.key.labels) \(Self.number($0.value))"
            }
        }
        return lines.map { $0 + "\n" }.joined()
    }

    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        handler(label, dimensions, "counter")
    }

    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        handler(label, dimensions, "gauge")
    }

    package func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        handler(label, dimensions, "gauge")
    }

    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        handler(label, dimensions, "gauge")
    }

    package func destroyCounter(_ handler: any CounterHandler) {}
    package func destroyMeter(_ handler: any MeterHandler) {}
    package func destroyRecorder(_ handler: any RecorderHandler) {}
    package func destroyTimer(_ handler: any TimerHandler) {}

    private func handler(_ label: String, _ dimensions: [(String, String)], _ kind: String) -> Handler {
        let labels = dimensions.map { "\($0.0)=\"\(Self.escaped($0.1))\"" }.joined(separator: ",")
        state.withLock { $0.kinds[label] = kind }
        return Handler(Series(name: label, labels: labels.isEmpty ? "" : "{\(labels)}"), of: self)
    }

    private func change(_ series: Series, _ change: (inout Double) -> Void) {
        state.withLock { change(&$0.values[series, default: 0]) }
    }

    private static func escaped(_ value: String) -> String {
        value.replacing(#"\"#, with: #"\\"#).replacing("\"", with: #"\""#).replacing("\n", with: #"\n"#)
    }

    /// Writes a number; whole ones without a fraction.
    private static func number(_ value: Double) -> String { Int64(exactly: value).map { "\($0)" } ?? "\(value)" }

    /// A series that code reports to.
    private final class Handler: CounterHandler, MeterHandler, RecorderHandler, TimerHandler, Sendable {
        private let series: Series
        private let metrics: ExposedMetrics

        init(_ series: Series, of metrics: ExposedMetrics) { (self.series, self.metrics) = (series, metrics) }

        func set(_ value: Int64) { set(Double(value)) }
        func set(_ value: Double) { metrics.change(series) { $0 = value } }
        func increment(by amount: Double) { metrics.change(series) { $0 += amount } }
        func decrement(by amount: Double) { metrics.change(series) { $0 -= amount } }
        func increment(by amount: Int64) { increment(by: Double(amount)) }
        func reset() { set(0 as Double) }
        func record(_ value: Int64) { set(value) }
        func record(_ value: Double) { set(value) }
        func recordNanoseconds(_ duration: Int64) { set(Double(duration) / 1e9) }
    }
}
