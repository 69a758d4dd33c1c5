import Testing

extension EnduranceTests {
    @Suite struct MirrorKilledTests {
        @Test
        func `a mirror of fifty tags that is killed anywhere ends as if it had not been, for a few requests more`()
            async throws
        {
            // The goal is 5 %, of which what is under way takes nearly all: on a busy machine a few more are on their way.
            try await MirrorTrial.run(images: 1, tags: 50) {
                try await $0.killAnywhere(EnduranceTests.kills, waste: 24)
            }
        }
    }
}
