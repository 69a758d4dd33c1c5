import DebianFormat
import HTTPTransfer
import ImageInputs
import OCIContent
import OCIModel
import Scheduling
import StubHTTP
import SystemPackage
import TestSupport
import Testing

/// Tests with mirrors whose Release is older than the one that is locked, expired, or no Release at all.
@Suite struct LaggingReleaseTests {
    /// Of September, and signed by a key that is pinned.
    private static let old = ArchiveFixtures.releases["trixie"] ?? ""
    /// Of November, and signed by another.
    private static let new = LaggingFixtures.releases["trixie"] ?? ""

    /// Fetches the Release of trixie where the lock has that of November, from the mirrors `/first` and `/second`, for
    /// both of which one server answers, as it does for Debian's own.
    private func fetch(_ respond: @escaping StubServer.Respond) async throws -> (SignedRelease, [String]) {
        try await DownloadFixture.using { fixture in
            try await StubServer.serving(respond) { server in
                let mirrors = try DebianMirrors(
                    explicit: nil, aptSources: [.debian: [server.url("/first"), server.url("/second")]])
                var settings = fixture.settings
                // Nothing beyond loopback is reached.
                settings.proxies = try ProxySettings(
                    environment: ["http_proxy": server.url("/"), "no_proxy": "127.0.0.1"])
                let store = try ContentStore(root: fixture.folder.appending("store"))
                return try await BlockingPool.with(threads: 1) { pool in
                    try await Downloader.withDownloader(settings) { downloader in
                        let archive = DebianArchive(
                            mirrors: mirrors, downloader: downloader, store: store, pool: pool)
                        return (try await release(of: archive), server.requests.map(\.target))
                    }
                }
            }
        }
    }

    private func release(of archive: DebianArchive) async throws -> SignedRelease {
        try await withKeyring { first in
            try await withKeyring(LaggingFixtures.keyring) { second in
                let verifier = ReleaseVerifier(keyrings: [first, second], pinned: nil, timeLimit: .hanging)
                let expected = ReleaseExpectation(
                    suite: "trixie", now: try #require(Timestamp(canonical: "2026-11-20T00:00:00Z")),
                    previousDate: Timestamp(canonical: "2026-11-18T22:17:43Z"))
                return try await archive.resolver(verifier: verifier) { _ in }.fetchRelease("debian", "trixie") {
                    try await SignedRelease($0, expected: expected, verifier: verifier)
                }
            }
        }
    }

    @Test(arguments: [old, "<html>log in first</html>", new.replacing("2026", with: "2027"), ""])
    func `a Release that is refused does not keep the next mirror from being asked`(_ first: String) async throws {
        let (release, asked) = try await fetch { request, _ in
            .serve(Array((request.target.hasPrefix("/first") ? first : Self.new).utf8), to: request)
        }
        #expect(release.bytes == Array(Self.new.utf8))
        #expect(asked == ["/first/dists/trixie/InRelease", "/second/dists/trixie/InRelease"])
    }

    @Test func `if all mirrors are behind, each is named, and the reason`() async throws {
        let error = try await failure {
            _ = try await fetch { request, _ in
                request.target.hasPrefix("/second") ? .reply(404) : .serve(Array(Self.old.utf8), to: request)
            }
        }
        #expect(error.code == .rolledBack)
        for part in ["/first/dists/trixie/InRelease: ", "earlier than the locked one", "/second/dists", "404"] {
            #expect(error.message.contains(part), "\(error.message)")
        }
    }

    @Test func `what this machine lacks is no reason to ask another mirror`() async throws {
        try await DownloadFixture.using { fixture in
            try await StubServer.serving({ request, _ in .serve(Array(Self.new.utf8), to: request) }) { server in
                try await Downloader.withDownloader(fixture.settings) { downloader in
                    var request = try fixture.request([server.url("/first"), server.url("/second")], .upTo(1 << 20))
                    request.accept = { throw ImageInputsError(.toolMissing, "no gpgv") }
                    let error = try await failure { try await downloader.fetch(request) }
                    #expect(error.code == .toolMissing && server.requests.count == 1)
                }
            }
        }
    }
}
