import ImageInputs
import OCIContent
import OCIModel
import Scheduling
import StubHTTP
import Testing

@Suite struct DownloaderFetchAllTests {
    let contents = (0..<20).map { DownloadFixture.content(1000 + $0, seed: UInt64($0)) }

    private func requests(_ fixture: DownloadFixture, _ server: StubServer) throws -> [DownloadRequest] {
        try contents.enumerated().map { index, content in
            try fixture.request(
                [server.url("/\(index)")], .exactly(Digest(of: content), size: Int64(content.count)), to: "file\(index)"
            )
        }
    }

    @Test func `many files arrive in order, a few at a time`() async throws {
        try await DownloadFixture.using { fixture in
            try await StubServer.serving { [contents] request, _ in
                let index = Int(request.target.dropFirst()) ?? 0
                // The first files are the slowest.
                return [.pause(.milliseconds(index < 4 ? 150 : 10))] + .reply(200, [:], contents[index])
            } _: { server in
                let requests = try requests(fixture, server)
                let downloads = try await Downloader.withDownloader(fixture.settings) {
                    try await $0.fetchAll(requests, limit: 4)
                }
                #expect(downloads.map(\.digest) == contents.map { Digest(of: $0) })
                #expect(server.mostAtOnce <= 4)
                #expect(server.mostAtOnce > 1)
                #expect(server.requests.count == 20)
                #expect(fixture.progress == Int64(contents.map(\.count).reduce(0, +)))
                for (index, content) in contents.enumerated() { #expect(try fixture.bytes("file\(index)") == content) }
            }
        }
    }

    @Test func `the first failure ends the rest`() async throws {
        try await DownloadFixture.using { fixture in
            try await StubServer.serving { request, _ in
                request.target == "/2" ? .reply(404) : [.pause(.seconds(60))]
            } _: { server in
                let requests = try requests(fixture, server)
                let start = ContinuousClock.now
                var settings = fixture.settings
                settings.limits.idle = .seconds(60)
                let error = try await failure { [settings] in
                    try await Downloader.withDownloader(settings) { try await $0.fetchAll(requests, limit: 4) }
                }
                #expect(error.code == .notFound)
                #expect(ContinuousClock.now - start < .seconds(40))
                #expect(server.requests.count <= 5)
            }
        }
    }

    @Test func `fetching nothing does nothing`() async throws {
        let fixture = try await DownloadFixture.using { $0 }
        let downloads = try await Downloader.withDownloader(fixture.settings) { try await $0.fetchAll([]) }
        #expect(downloads.isEmpty)
    }

    /// The moments at which a user may press Ctrl-C: before the head, in the body, in a pause.
    @Test(arguments: ["head", "body", "pause"])
    func `cancellation ends at once`(moment: String) async throws {
        try await DownloadFixture.using { fixture in
            try await StubServer.serving { [contents] request, _ in
                switch moment {
                case "head": [.pause(.seconds(60))]
                case "body":
                    .begin(contents[Int(request.target.dropFirst()) ?? 0], sending: 10) + [.pause(.seconds(60))]
                default: .reply(503, ["Retry-After": "50"])
                }
            } _: { server in
                let requests = try requests(fixture, server)
                let start = ContinuousClock.now
                let isCancelled = try await endsCancelled(onceAsked: server) { [patient] in
                    try await Downloader.withDownloader(patient) { _ = try await $0.fetchAll(requests) }
                }
                #expect(isCancelled)
                #expect(ContinuousClock.now - start < .seconds(40))
            }
        }
    }

    @Test func `cancellation does not wait for a connection that is being opened`() async throws {
        try await DownloadFixture.using { fixture in
            try await SilentPort.listening { port in
                let request = try fixture.request(["http://127.0.0.1:\(port)/a"], .upTo(10))
                var settings = patient
                settings.limits.connect = .seconds(60)
                let start = ContinuousClock.now
                let isCancelled = try await endsCancelled { [settings] in
                    try await Downloader.withDownloader(settings) { _ = try await $0.fetch(request) }
                }
                #expect(isCancelled)
                #expect(ContinuousClock.now - start < .seconds(40))
            }
        }
    }

    /// Settings that wait for a minute, in pauses too.
    private var patient: DownloadSettings {
        var settings = DownloadSettings(time: Timing(jitter: { 0 }))
        settings.limits.idle = .seconds(60)
        return settings
    }

    /// Cancels `work` soon after its first request, or soon after its start, and returns whether it then threw
    /// `CancellationError`.
    private func endsCancelled(
        onceAsked server: StubServer? = nil, _ work: @escaping @Sendable () async throws -> Void
    ) async throws -> Bool {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await work() }
            while let server, server.requests.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
            try await Task.sleep(for: .milliseconds(100))
            group.cancelAll()
            do { try await group.waitForAll() } catch is CancellationError { return true }
            return false
        }
    }
}

extension Downloader {
    /// Fetches several files as `DebianArchive` fetches packages.
    fileprivate func fetchAll(_ requests: [DownloadRequest], limit: Int = 6) async throws -> [Download] {
        try await mapConcurrently(requests, limit: limit) { try await fetch($0) }
    }
}
