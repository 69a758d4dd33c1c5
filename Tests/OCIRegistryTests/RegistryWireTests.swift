import NIOCore
import OCIContent
import OCIModel
import OCIRegistry
import RegistryTesting
import Testing

/// The same tests over real connections, with a registry that fails as those in the field do.
@Suite struct RegistryWireTests {
    private func connected(
        to registry: TestRegistry, _ body: @Sendable (RegistryRepository) async throws -> Void
    ) async throws {
        let host = try RegistryHost(registry.host)
        let login = RegistryLogin.password(user: TestRegistry.user, password: TestRegistry.password)
        let settings = ConnectionFixture().settings(CredentialSources(explicit: [host: login]))
        try await RegistryNetwork.withNetwork(settings) { network in
            try await body(
                RegistryRepository("test/image", over: try network.connection(to: host), settings: .smallChunks))
        }
    }

    /// Pushes an image of large and small blobs, and reads it back.
    private func roundTrip(_ destination: RegistryRepository) async throws {
        try await roundTrip(destination) {}
    }

    private func roundTrip(_ destination: RegistryRepository, between: () -> Void) async throws {
        let image = try FakeImage(platforms: 2, layers: 2, size: 300_000)
        try await copy(image.root, from: image.source, to: destination, tag: "1")
        between()
        let source = RegistryRepository(destination.name, over: destination.transport, settings: destination.settings)
        #expect(try await source.resolve("1") == image.root)
        #expect(try await source.tags() == ["1"])
        for blob in image.blobs {
            let found = try await source.withBlob(Descriptor(of: blob), from: 0) { body in
                guard case .stream(let pieces) = body else { return [UInt8]() }
                var bytes: [UInt8] = []
                for try await piece in pieces { bytes.append(contentsOf: piece.readableBytesView) }
                return bytes
            }
            #expect(found == blob)
        }
    }

    @Test(arguments: [TestRegistry.Access.open, .basic, .bearer])
    func `an image is pushed in chunks and read back`(access: TestRegistry.Access) async throws {
        try await TestRegistry.run(access: access) { registry in
            try await connected(to: registry, roundTrip)
            #expect(registry.wire.requests(.uploadChunk).count == 12)
        }
    }

    @Test(arguments: [
        Quirk.noReferrers(status: 404), .patchStatus(201), .patchStatus(204), .patchRangeStops, .secondPatchOverwrites,
        .noPatch(status: 405), .mountRefused(status: 202), .mountRefused(status: 404), .mountRefused(status: 500),
        .location(.absolute), .location(.withoutScheme), .location(.withQuery), .headRefused(status: 403),
        .headRefused(status: 405), .rangeIgnored, .rangeShifted, .noDigestHeaders, .tagLink(.unbracketed),
        .tagLink(.duplicated), .tagLink(.emptyPage),
    ])
    func `an image survives a round trip through a registry with a quirk`(quirk: Quirk) async throws {
        try await TestRegistry.run(quirks: [quirk]) { registry in try await connected(to: registry, roundTrip) }
    }

    @Test func `row 2: connections that break during every chunk waste less than a chunk`()
        async throws
    {
        try await TestRegistry.run { registry in
            registry.faults.on(.uploadChunk, turns: 2...4, .resetRequest(after: 50_000))
            try await connected(to: registry, roundTrip)
            let sizes = 4 * 300_000 + 2 * 100
            #expect(registry.wire.uploaded < Int64(sizes + 3 * 100_000))
        }
    }

    @Test func `row 44: no blob is sent twice because of lost answers`() async throws {
        try await TestRegistry.run { registry in
            registry.faults.on(.uploadFinish, turns: 1...3, .resetAnswer(after: 0))
            try await connected(to: registry, roundTrip)
            #expect(registry.wire.uploaded < Int64(4 * 300_000 + 1000))
        }
    }

    @Test func `row 11: bodies that end or break early are continued from there`() async throws {
        try await TestRegistry.run { registry in
            try await connected(to: registry) { repository in
                try await roundTrip(repository) {
                    registry.faults.on(.blob, turns: 1...1, .truncateAnswer(after: 100_000))
                    registry.faults.on(.blob, turns: 2...2, .resetAnswer(after: 100_000))
                }
            }
            #expect(registry.wire.downloaded < Int64(4 * 300_000 + 200_000))
        }
    }
}
