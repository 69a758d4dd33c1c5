import Testing

extension EnduranceTests {
    @Suite struct MirrorKilledTests {
        @Test
        func `a mirror of fifty tags that is killed anywhere ends as if it had not been, for a few requests more`()
            async throws
        {
            try await MirrorTrial.run(images: 1, tags: 50) { try await $0.killAnywhere(EnduranceTests.kills) }
        }
    }
}
