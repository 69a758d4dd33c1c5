import DurableFiles
import HTTPTypes
import NIOHTTP1
import OCIModel
import OCIRegistry
import RegistryTesting
import SystemPackage
import Testing

@Suite struct RegistryProbeTests {
    private func probe(
        _ registry: TestRegistry, scratch: RepositoryName? = nil
    ) async throws -> [RegistryProbe.Capability: RegistryProbe.Finding] {
        let found = try await whole(registry, scratch: scratch)
        #expect(found.findings.map(\.capability) == RegistryProbe.Capability.allCases)
        return Dictionary(uniqueKeysWithValues: found.findings.map { ($0.capability, $0) })
    }

    private func whole(_ registry: TestRegistry, scratch: RepositoryName? = nil) async throws -> RegistryProbe {
        let host = try RegistryHost(registry.host)
        let login = RegistryLogin.password(user: TestRegistry.user, password: TestRegistry.password)
        let settings = ConnectionFixture().settings(CredentialSources(explicit: [host: login]))
        return try await RegistryNetwork.withNetwork(settings) { network in
            try await RegistryProbe(
                of: ImageReference("\(registry.host)/a/b:v1"), writingTo: scratch,
                over: try network.connection(to: host))
        }
    }

    @Test func `without a scratch repository a registry is only read, and what writing shows stays unknown`()
        async throws
    {
        try await TestRegistry.run { registry in
            try await RegistryClient(registry).pushImage("v1")
            registry.wire.clear()
            let found = try await probe(registry)
            for capability in [.access, .tagListing, .digestOnHead, .referrers] as [RegistryProbe.Capability] {
                #expect(found[capability]?.support == .yes, "\(capability)")
            }
            #expect(found[.access]?.detail == "no login is asked for")
            #expect(found[.rateLimitHeaders]?.support == .no)
            #expect(found[.chunks]?.support == .unknown && found[.mount]?.support == .unknown)
            #expect(registry.wire.requests.allSatisfy { ["GET", "HEAD"].contains("\($0.method)") })
            let evidence = try #require(found[.digestOnHead]?.evidence.first)
            #expect(evidence.request == "HEAD /v2/a/b/manifests/v1")
            #expect(evidence.answer.hasPrefix("200, ") && evidence.answer.contains("docker-content-digest: sha256:"))
        }
    }

    @Test func `in a scratch repository everything is tried, and nothing stays but what is said`() async throws {
        try await TestRegistry.run { registry in
            try await RegistryClient(registry).pushImage("v1")
            let probe = try await whole(registry, scratch: "scratch")
            for finding in probe.findings where finding.capability != .rateLimitHeaders {
                #expect(finding.support == .yes, "\(finding)")
            }
            #expect(probe.leftBehind.allSatisfy { $0.hasPrefix("scratch@sha256:") }, "\(probe.leftBehind)")
            #expect(try FileSystem.names(in: registry.folder.appending("registry/uploads")).isEmpty)
            let tags = try await RegistryClient(registry).send(.GET, "/v2/scratch/tags/list")
            #expect(!tags.text.contains("imagebuild-probe"))
        }
    }

    @Test func `what a registry does not do is found, with its answers`() async throws {
        let quirks: Set<Quirk> = [
            .noReferrers(status: 404), .singlePostIgnored, .mountRefused(status: 202), .patchRangeStops,
        ]
        try await TestRegistry.run(quirks: quirks) { registry in
            try await RegistryClient(registry).pushImage("v1")
            let found = try await probe(registry, scratch: "scratch")
            for capability in [.referrers, .mount, .chunks, .blobInOneRequest] as [RegistryProbe.Capability] {
                #expect(found[capability]?.support == .no, "\(capability)")
                #expect(found[capability]?.evidence.isEmpty == false)
            }
            #expect(found[.referrers]?.evidence.first?.answer.hasPrefix("404") == true)
            #expect(try FileSystem.names(in: registry.folder.appending("registry/uploads")).isEmpty)
        }
    }

    @Test func `a token's life and the limits that answers state are told`() async throws {
        try await TestRegistry.run(access: .bearer) { registry in
            let limit = HTTPField.Name("RateLimit-Remaining")
            registry.faults.on(
                .manifest,
                .editHeaders { fields in if let limit { fields[limit] = "76;w=21600" } })
            let found = try await probe(registry)
            #expect(found[.access]?.support == .yes)
            #expect(found[.rateLimitHeaders]?.support == .yes)
            #expect(found[.rateLimitHeaders]?.evidence.first?.answer == "ratelimit-remaining: 76;w=21600")
            #expect(found[.access]?.detail?.hasPrefix("a token lives ") == true, "\(found)")
        }
    }

    @Test func `what is no registry is an error, and no finding`() async throws {
        try await TestRegistry.run(quirks: [.captivePortal]) { registry in
            await #expect(throws: OCIRegistryError.self) { try await whole(registry) }
        }
    }
}
