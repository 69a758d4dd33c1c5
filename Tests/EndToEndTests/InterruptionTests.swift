import Foundation
import ImageDefinition
import OCIModel
import Testing

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

extension EndToEnd {
    /// Builds that are stopped, by a person or by force, and builds at the same time.
    @Suite struct InterruptionTests {
        /// Enough to compress that there are moments to be caught at.
        private static let payload = 12_000_000

        @Test func `Ctrl-C while layers are made leaves nothing behind, and the next build is the same`() async throws {
            try await CommandLineFixture.scoped { fixture in
                let tiny = try await TinyImage(fixture, payload: Self.payload)
                try tiny.fillStore()
                var interrupted = 0
                for delay in [0, 20, 60, 120] {
                    let program = try fixture.start("build", "tiny", "--all", "--offline")
                    try await until { program.errorsSoFar.contains("making") }
                    try await Task.sleep(for: .milliseconds(delay))
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
                #expect(try await fresh(tiny) == digest)
            }
        }

        @Test func `a build that is killed at any moment harms no later one`() async throws {
            try await CommandLineFixture.scoped { fixture in
                let tiny = try await TinyImage(fixture, payload: 3_000_000)
                try tiny.fillStore()
                let began = ContinuousClock.now
                let digest = try await fixture.succeed("build", "tiny", "--all", "--offline")
                let whole = ContinuousClock.now - began
                var killed = 0
                for attempt in 0..<50 {
                    try forget(tiny, everything: attempt % 2 == 0)
                    let program = try fixture.start("build", "tiny", "--all", "--offline")
                    try await Task.sleep(for: whole * Double.random(in: 0..<1.1))
                    program.signal(SIGKILL)
                    if try await program.ended().status == 137 { killed += 1 }
                    if fixture.names(fixture.layout("tiny")).contains("index.json") {
                        try await fixture.expectWhole("tiny")
                    }
                    #expect(
                        try await fixture.succeed("build", "tiny", "--all", "--offline") == digest, "attempt \(attempt)"
                    )
                    try await fixture.expectWhole("tiny")
                }
                #expect(killed > 20, "only \(killed) builds were killed in time")
                #expect(try await fixture.run("store", "verify").status == 0)
                _ = try await fixture.succeed("store", "gc")
                #expect(fixture.temporaries == [])
            }
        }

        @Test func `builds at once on one store and one layout agree`() async throws {
            try await CommandLineFixture.scoped { fixture in
                let tiny = try await TinyImage(fixture, payload: 2_000_000)
                try await Mirror.serving(tiny.mirror, fixture) { mirror in
                    let programs = try (0..<3).map { _ in
                        try fixture.start("build", "tiny", "--all", in: mirror.setting(fixture))
                    }
                    var digests: Set<String> = []
                    for program in programs {
                        let ended = try await program.ended()
                        #expect(ended.status == 0, "\(ended.errors)")
                        digests.insert(ended.line)
                    }
                    #expect(digests == [try await fresh(tiny)])
                    try await fixture.expectWhole("tiny")
                    #expect(fixture.temporaries == [])
                    #expect(try await fixture.run("store", "verify").status == 0)
                }
            }
        }

        /// The digest that a store gives which has the packages alone.
        private func fresh(_ tiny: TinyImage) async throws -> String {
            var fixture = tiny.fixture
            fixture.store = fixture.folder.appending(path: "fresh")
            try FileManager.default.createDirectory(at: fixture.blobs, withIntermediateDirectories: true)
            for package in tiny.packages {
                try FileManager.default.copyItem(
                    at: try tiny.file(package.name), to: fixture.blobs.appending(path: package.sha256.hex))
            }
            return try await fixture.succeed("build", "tiny", "--all", "--offline", "--output", "oci:fresh-layout")
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
