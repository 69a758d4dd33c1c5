import Foundation
import MetricsExposition
import OCIModel
import OCIRegistry
import RegistryTesting
import Synchronization
import SystemPackage
import Testing

@testable import ImageMirroring

@Suite struct ReportTests {
    @Test func `the report as JUnit, as metrics and as rewrites`() async throws {
        try await MirrorFixture.run { fixture in
            let digest = try await fixture.client.pushImage("v1")
            let text = "images: [{from: SOURCE/a/b, to: x/a/b, tags: {list: [v1, v2]}}]"
            let report = try await fixture.mirror(text)
            #expect(
                report.junit.contains(#"tests="2" failures="1""#) && report.junit.contains(#"<failure type="missing">"#)
            )
            let exposed = ExposedMetrics(help: MirrorMetrics.help)
            let figures = MirrorMetrics(
                exposed,
                after:
                    "imagebuild_mirror_last_success_timestamp_seconds{target=\"\(fixture.target.host)/m/x/a/b\",tag=\"v2\"} 5\n"
            )
            for result in report.results { figures.note(result, at: fixture.clock.now, requests: report.requests) }
            figures.ended(at: fixture.clock.now, requests: report.requests)
            let metrics = exposed.text
            #expect(metrics.contains("tag=\"v1\"} 1800000000\n") && metrics.contains("tag=\"v2\"} 5\n"))
            #expect(metrics.contains("imagebuild_mirror_tags{outcome=\"missing\"} 1\n"))
            #expect(metrics.contains("imagebuild_mirror_tags{outcome=\"throttled\"} 0\n"))
            #expect(metrics.contains("imagebuild_mirror_requests \(report.requests)\n"))
            #expect(report.rewriteList == "\(fixture.source.host)/a/b:v1 \(fixture.target.host)/m/x/a/b@\(digest)\n")
            #expect(report.imagesYAML == "- name: b\n  dmap:\n    \"\(digest)\": [\"v1\"]\n")
            let hosts = try fixture.file(text).hostsFiles
            #expect(hosts.map(\.registry) == [fixture.source.host])
            #expect(
                hosts[0].text.contains("[host.\"https://\(fixture.target.host)/v2/m/x\"]")
                    && hosts[0].text.contains("override_path = true"))
            #expect(hosts[0].text.contains("\"referrers\""))
        }
    }

    @Test func `every request says why it was sent`() async throws {
        try await MirrorFixture.run { fixture in
            try await fixture.client.pushIndex("v1", layers: ["a"])
            fixture.clearWires()
            let lines = Mutex<[String]>([])
            let text = "images: [{from: SOURCE/a/b, to: a/b, tags: {glob: ['*']}}]"
            try await fixture.withRun(text, explain: { line in lines.withLock { $0.append(line) } }) {
                _ = try await $0.run()
            }
            let told = lines.withLock { $0 }
            for request in fixture.requests {
                let path = request.path.prefix { $0 != "?" }
                #expect(told.contains { $0.contains("\(request.method) ") && $0.contains(path) }, "\(request)")
            }
            #expect(told.allSatisfy { $0.contains("(survey ") || $0.contains("(copy ") }, "\(told)")
        }
    }

    @Test func `each line of the ledger has the digest of the line before`() async throws {
        try await MirrorFixture.run { fixture in
            for tag in ["v1", "v2"] { try await fixture.client.pushImage(tag) }
            try await fixture.mirror("images: [{from: SOURCE/a/b, to: a/b, tags: {glob: ['*']}}]")
            let text = try String(contentsOfFile: fixture.folder.string + "/records/ledger.jsonl", encoding: .utf8)
            let lines = text.split(separator: "\n").map { Array($0.utf8) }
            let entries = try lines.map { try CanonicalJSON.decode(LedgerEntry.self, from: $0) }
            #expect(entries.map(\.previous) == [nil, Digest(of: lines[0])])
            #expect(entries.allSatisfy { $0.requests > 0 && $0.bytes > 0 })
        }
    }

    @Test func `a plan in a registry is read by its digest, byte for byte`() async throws {
        try await MirrorFixture.run { fixture in
            let text = "images: [{from: SOURCE/a/b, to: a/b, tags: {list: [v1]}}]"
            let bytes = Array("a plan".utf8)
            try await fixture.withRun(text) { run in
                let reference = try ImageReference("\(fixture.target.host)/state:plan")
                let digest = try await MirrorArtifact.push(bytes, to: reference, run.registries)
                let pinned = try ImageReference("\(fixture.target.host)/state@\(digest)")
                #expect(try await MirrorArtifact.pull(pinned, run.registries) == bytes)
                try await fixture.client.pushImage("v1")
                let image = try ImageReference("\(fixture.source.host)/a/b:v1")
                await #expect(throws: MirrorError.self) { try await MirrorArtifact.pull(image, run.registries) }
            }
        }
    }
}
