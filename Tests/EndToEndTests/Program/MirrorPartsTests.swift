import NIOHTTP1
import RegistryTesting
import TestSupport
import Testing

extension ProgramTests {
    /// Mirrors that are killed, alone and as parts of one.
    @Suite struct MirrorPartsTests {
        @Test func `a mirror that is killed anywhere ends as if it had not been, and names nothing that is not whole`()
            async throws
        {
            try await MirrorTrial.run(images: 2, tags: 6) { try await $0.killAnywhere(6, waste: MirrorTrial.inFlight) }
        }

        @Test func `four parts do what one process does, also when one of them is killed and replaced`() async throws {
            try await MirrorTrial.run(images: 8, tags: 3) { trial in
                #expect(try await trial.start(to: "whole", state: "whole").ended().status == 10)
                let whole = trial.requests
                trial.clear()
                var parts = try (1...4).map { try trial.start(to: "parts", state: "part-\($0)", "--shard", "\($0)/4") }
                for part in parts {
                    let ended = try await part.ended()
                    #expect(ended.status == 10, "\(ended.errors)")
                }
                // Each part sends the base once, which one process mounts.
                #expect(trial.requests <= whole * 105 / 100, "\(trial.requests) of \(whole)")
                let sent = trial.target.wire.sentBlobs.map { entry in
                    // The repository and the digest.
                    let ends =
                        entry.path.split(separator: "/blobs/uploads").prefix(1)
                        + entry.path.split(separator: "digest=").suffix(1)
                    return ends.joined(separator: "@")
                }
                #expect(Set(sent).count == sent.count)
                try await trial.expectAll(at: "parts")

                trial.clear()
                parts = try (1...4).map { try trial.start(to: "again", state: "again-\($0)", "--shard", "\($0)/4") }
                _ = try await trial.kill(parts[1], after: Int.random(in: 1..<whole / 2))
                parts[1] = try trial.start(to: "again", state: "elsewhere", "--shard", "2/4")
                for part in parts {
                    let ended = try await part.ended()
                    #expect([0, 10].contains(ended.status), "\(ended.errors)")
                }
                try await trial.expectAll(at: "again")
            }
        }

        @Test func `the figures of a run are shown while it goes on, and are in a file at its end`() async throws {
            try await MirrorTrial.run(images: 1, tags: 3) { trial in
                let hold = Flag()
                trial.target.faults.on(.manifest, turns: 1...1000, .holdUntil { hold.isRaised })
                let program = try trial.start(
                    to: "shown", state: "shown", "--metrics-port", "0", "--metrics", "mirror.prom")
                try await until { program.errorsSoFar.contains("/metrics\n") || program.hasEnded }
                let address = try #require(program.errorsSoFar.firstMatch(of: #/metrics at (http://\S+)/metrics/#)?.1)
                let shown = try await RegistryClient(String(address)).send(.GET, "/metrics")
                #expect(shown.text.contains("imagebuild_mirror_tags{outcome=\"created\"} 0\n"), "\(shown)")
                hold.raise()
                #expect(try await program.ended().status == 10)
                let text = try trial.fixture.text("mirror.prom")
                #expect(text.contains("imagebuild_mirror_tags{outcome=\"created\"} 3\n"), "\(text)")
                #expect(
                    text.matches(of: #/last_success_timestamp_seconds\{target="[^"]+",tag="v\d-i0"\} \d+/#).count == 3)
            }
        }
    }
}
