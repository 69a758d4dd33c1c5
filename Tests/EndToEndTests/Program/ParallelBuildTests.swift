import Foundation
import TestSupport
import Testing

extension ProgramTests {
    @Suite struct ParallelBuildTests {
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
                    #expect(digests == [try await tiny.freshDigest()])
                    try await fixture.expectWhole("tiny")
                    #expect(fixture.temporaries == [])
                    #expect(try await fixture.run("store", "verify").status == 0)
                }
            }
        }
    }
}
