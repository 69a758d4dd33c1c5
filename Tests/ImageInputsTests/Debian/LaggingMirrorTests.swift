import HTTPTransfer
import ImageDefinition
import ImageInputs
import OCIContent
import OCIModel
import Scheduling
import StubHTTP
import SystemPackage
import TestSupport
import Testing

/// Tests with mirrors that do not have a file yet, or no more.
@Suite struct LaggingMirrorTests {
    private static let content = noise(10_000)
    private static let package = Lock.Package(
        name: "alpha", version: "1.0-1", architecture: "all", archive: "debian-security", suite: "trixie-security",
        index: "main/binary-amd64/Packages.xz", path: "pool/alpha.deb", size: Int64(content.count),
        sha256: Digest(of: content))

    /// Hands out an archive with the mirrors `/first` and `/second`, for both of which one server answers.
    private func using(
        _ respond: @escaping StubServer.Respond, _ body: (DebianArchive, StubServer) async throws -> Void
    ) async throws {
        try await DownloadFixture.using { fixture in
            try await StubServer.serving(respond) { server in
                let mirrors = try DebianMirrors(
                    explicit: nil, aptSources: [.security: [server.url("/first"), server.url("/second")]])
                let store = try ContentStore(root: fixture.folder.appending("store"))
                var settings = fixture.settings
                // Nothing beyond loopback is reached.
                settings.proxies = try ProxySettings(
                    environment: ["http_proxy": server.url("/"), "no_proxy": "127.0.0.1"])
                try await BlockingPool.with(threads: 1) { pool in
                    try await Downloader.withDownloader(settings) { downloader in
                        try await body(
                            DebianArchive(mirrors: mirrors, downloader: downloader, store: store, pool: pool), server)
                    }
                }
            }
        }
    }

    @Test func `what one mirror does not have comes from the next`() async throws {
        try await using { request, _ in
            request.target == "/second/pool/alpha.deb" ? .serve(Self.content, to: request) : .reply(404)
        } _: { archive, server in
            try await archive.fetch([Self.package], releases: []) { _, _ in }
            #expect(server.requests.map(\.target) == ["/first/pool/alpha.deb", "/second/pool/alpha.deb"])
        }
    }

    @Test func `what is gone everywhere is asked for once in a run, and the failure has its digest`() async throws {
        try await using { _, _ in
            .reply(404)
        } _: { archive, server in
            for _ in 1...2 {
                let error = try await failure { try await archive.fetch([Self.package], releases: []) { _, _ in } }
                #expect(error.code == .notFound && error.file == Self.package.sha256)
                #expect(server.requests.count == 3, "two mirrors and Debian's own server")
            }
        }
    }
}
