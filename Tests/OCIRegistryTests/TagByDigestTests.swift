import OCIContent
import OCIModel
import OCIRegistry
import RegistryTesting
import Testing

/// Tests of registries that do not set a tag together with its digest.
@Suite struct TagByDigestTests {
    private func connected(
        to registry: TestRegistry, _ body: @Sendable (_ names: [RegistryRepository]) async throws -> Void
    ) async throws {
        let host = try RegistryHost(registry.host)
        try await RegistryNetwork.withNetwork(ConnectionFixture().settings()) { network in
            let memory = RegistryMemory(host: registry.host)
            try await body(
                ["a", "b"].map {
                    RegistryRepository(
                        $0, over: try network.connection(to: host), memory: memory, settings: .smallChunks)
                })
        }
    }

    /// Copies an image as a mirror does: the root is left to its tag.
    private func push(_ image: FakeImage, to repository: RegistryRepository, as tag: String) async throws {
        let plan = try await CopyPlan(reading: [image.root], from: image.source)
        try await plan.putContent(to: repository, from: image.source, butFor: plan.lastRoot)
        try await plan.setNames(at: repository, [(tag, image.root.digest)])
    }

    @Test(arguments: [201, 400, 404, 405, 414, 422, 500, 501, 503])
    func `row 53: the tag is set by itself where it is not together with its digest, which is not tried again`(
        status: Int
    ) async throws {
        let image = try FakeImage(platforms: 1, layers: 1, size: 2000)
        try await TestRegistry.run(quirks: [.tagByDigest(status: status)]) { registry in
            try await connected(to: registry) { repositories in
                for (repository, tag) in [(repositories[0], "1"), (repositories[0], "2"), (repositories[1], "1")] {
                    try await push(image, to: repository, as: tag)
                    #expect(try await repository.resolve(tag) == image.root)
                }
            }
            let together = Set(registry.wire.requests(.manifest).map(\.path).filter { $0.contains("?tag=") })
            #expect(together == ["/v2/a/manifests/\(image.root.digest)?tag=1"])
        }
    }

    @Test func `row 53: what counts is the answer to the tag by itself`() async throws {
        let (old, new) = (
            try FakeImage(platforms: 1, layers: 1, size: 2000), try FakeImage(platforms: 2, layers: 1, size: 2000)
        )
        try await TestRegistry.run(quirks: [.tagByDigest(status: 501), .immutableTags(status: 409)]) { registry in
            try await connected(to: registry) { repositories in
                try await push(old, to: repositories[0], as: "1")
                let error = await #expect(throws: OCIRegistryError.self) {
                    try await push(new, to: repositories[0], as: "1")
                }
                #expect(error?.status == 409)
                #expect(try await repositories[0].resolve("1") == old.root)
            }
        }
    }

    @Test(arguments: [401, 403]) func `a tag that may not be written is not tried another way`(status: Int) async throws
    {
        let image = try FakeImage(platforms: 1, layers: 1, size: 2000)
        try await TestRegistry.run(quirks: [.tagByDigest(status: status)]) { registry in
            try await connected(to: registry) { repositories in
                let error = await #expect(throws: OCIRegistryError.self) {
                    try await push(image, to: repositories[0], as: "1")
                }
                #expect(error?.code == .denied)
            }
            #expect(registry.wire.requests(.manifest).count { $0.path.hasSuffix("\(image.root.digest)") } == 0)
        }
    }
}
