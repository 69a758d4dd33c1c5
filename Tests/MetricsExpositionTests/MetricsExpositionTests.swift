import CoreMetrics
import MetricsExposition
import NIOCore
import NIOHTTP1
import RegistryTesting
import Testing

@Suite struct MetricsExpositionTests {
    @Test func `values are written in the order of their names, with their kind and what they are`() {
        let metrics = ExposedMetrics(help: ["b_total": "Things."])
        Counter(label: "b_total", dimensions: [("kind", "x")], factory: metrics).increment(by: 2)
        Counter(label: "b_total", dimensions: [("kind", "a\"\\\n")], factory: metrics).increment()
        Counter(label: "b_total", dimensions: [("kind", "x")], factory: metrics).increment()
        Gauge(label: "a", factory: metrics).record(1.5)
        Gauge(label: "a", factory: metrics).record(0.5)
        #expect(
            metrics.text == """
                # TYPE a gauge
                a 0.5
                # HELP b_total Things.
                # TYPE b_total counter
                b_total{kind="a\\"\\\\\\n"} 1
                b_total{kind="x"} 3

                """)
    }

    @Test func `the server shows the metrics as they are at each request, and nothing else`() async throws {
        let metrics = ExposedMetrics()
        let server = try await MetricsServer(metrics, address: "127.0.0.1", port: 0)
        let client = RegistryClient("http://127.0.0.1:\(server.port)")
        Gauge(label: "a", factory: metrics).record(1)
        let first = try await client.send(.GET, "/metrics")
        #expect(first.status == 200 && first.text.hasSuffix("a 1\n"))
        #expect(first["Content-Type"]?.hasPrefix("text/plain; version=0.0.4") == true)
        Gauge(label: "a", factory: metrics).record(2)
        #expect(try await client.send(.GET, "/metrics?x").text.hasSuffix("a 2\n"))
        #expect(try await client.send(.HEAD, "/metrics").body.isEmpty)
        #expect(try await client.send(.GET, "/").status == 404)
        #expect(try await client.send(.POST, "/metrics").status == 404)
        await server.stop()
        await #expect(throws: (any Error).self) { try await client.send(.GET, "/metrics", timeout: .seconds(1)) }
    }
}
