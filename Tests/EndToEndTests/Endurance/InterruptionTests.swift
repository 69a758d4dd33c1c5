import Foundation
import ImageDefinition
import OCIModel
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

extension EnduranceTests {
    /// Builds that are stopped, by a person or by force, and builds at the same time.
    @Suite struct InterruptionTests {
        /// Enough to compress that there are moments to be caught at.
        private static let payload = 12_000_000

        @Test func `Ctrl-C while layers are made leaves nothing behind, and the next build is the same`() async throws {
            try await CommandLineFixture.scoped { fixture in
                let tiny = try await TinyImage(fixture, payload: Self.payload)
                try tiny.fillStore()
                var interrupted = 0
                // A signal may come too late, and then the build is done: there are more attempts than are needed.
                for attempt in 0..<40 where interrupted < 4 {
                    let program = try fixture.start("build", "tiny", "--all", "--offline")
                    try await until { program.errorsSoFar.contains("making") || program.hasEnded }
                    try await Task.sleep(for: .milliseconds([0, 20, 60, 120][attempt % 4]))
                    program.signal(SIGINT)
                    let ended = try await program.ended()
                    if ended.status == 130 {
                        interrupted += 1
                        #expect(ended.output == "")
                        #expect(ended.errors.contains("interrupted"), "\(ended.errors)")
                        #expect(!fixture.names(fixture.layout("tiny")).contains("index.json"))
                    } else {
                        #expect(ended.status == 0, "\(ended.errors)")
                    }
                    #expect(fixture.temporaries == [])
                    try? FileManager.default.removeItem(at: fixture.store.appending(path: "records"))
                    try? FileManager.default.removeItem(at: fixture.layout("tiny"))
                }
                #expect(interrupted > 0, "no signal came in time")
                let digest = try await fixture.succeed("build", "tiny", "--all", "--offline")
                #expect(try await tiny.freshDigest() == digest)
            }
        }

        @Test func `a build that is killed at any moment harms no later one`() async throws {
            try await CommandLineFixture.scoped { fixture in
                let tiny = try await TinyImage(fixture, payload: 3_000_000)
                try tiny.fillStore()
                let began = ContinuousClock.now
                let digest = try await fixture.succeed("build", "tiny", "--all", "--offline")
                let whole = ContinuousClock.now - began
                var (killed, attempt) = (0, 0)
                while killed < EnduranceTests.kills {
                    attempt += 1
                    try forget(tiny, everything: attempt.isMultiple(of: 2))
                    let program = try fixture.start("build", "tiny", "--all", "--offline")
                    try await Task.sleep(for: whole * Double.random(in: 0..<1))
                    program.signal(SIGKILL)
                    guard try await program.ended().status == 128 + SIGKILL else { continue }
                    killed += 1
                    if fixture.names(fixture.layout("tiny")).contains("index.json") {
                        try await fixture.expectWhole("tiny")
                    }
                    #expect(
                        try await fixture.succeed("build", "tiny", "--all", "--offline") == digest, "attempt \(attempt)"
                    )
                    try await fixture.expectWhole("tiny")
                }
                #expect(try await fixture.run("store", "verify").status == 0)
                _ = try await fixture.succeed("store", "gc")
                #expect(fixture.temporaries == [])
            }
        }

        /// Removes what was built; with `everything` also what was unpacked, so that all the work is done again.
        private func forget(_ tiny: TinyImage, everything: Bool) throws {
            let fixture = tiny.fixture
            try? FileManager.default.removeItem(at: fixture.layout("tiny"))
            try? FileManager.default.removeItem(at: fixture.store.appending(path: "records"))
            guard everything else { return }
            try FileManager.default.removeItem(at: fixture.blobs)
            try tiny.fillStore()
        }
    }
}
