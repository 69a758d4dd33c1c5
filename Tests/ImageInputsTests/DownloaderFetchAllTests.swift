import ImageInputs
import OCIContent
import OCIModel
import Scheduling
import StubHTTP
import TestSupport
import Testing

@Suite struct DownloaderFetchAllTests {
    let contents = (0..<20).map { noise(1000 + $0, seed: UInt64($0)) }

    private func requests(_ fixture: DownloadFixture, _ server: StubServer) throws -> [DownloadRequest] {
        try contents.enumerated().map { index, content in
            try fixture.request(
                [server.url("/\(index)")], .exactly(Digest(of: content), size: Int64(content.count)), to: "file\(index)"
            )
        }
    }

    @Test func `many files arrive in order, a few at a time`() async throws {
        try await DownloadFixture.using { fixture in
            let asked = Counter()
            try await StubServer.serving { [contents] request, _ in
                let index = Int(request.target.dropFirst()) ?? 0
                asked.increment()
                // As many as may be under way wait for each other; of the rest, each waits for the next one but the last.
                let needed = index < 4 ? 4 : min(index + 2, 20)
                return [.until { asked.value >= needed }] + .reply(200, [:], contents[index])
            } _: { server in
                let requests = try requests(fixture, server)
                let downloads = try await Downloader.withDownloader(fixture.settings) {
                    try await $0.fetchAll(requests, limit: 4)
                }
                #expect(downloads.map(\.digest) == contents.map { Digest(of: $0) })
                #expect(server.mostAtOnce == 4)
                #expect(server.requests.count == 20)
                #expect(fixture.progress == Int64(contents.map(\.count).reduce(0, +)))
                for (index, content) in contents.enumerated() { #expect(try fixture.bytes("file\(index)") == content) }
            }
        }
    }

    @Test func `the first failure ends the rest`() async throws {
        try await DownloadFixture.using { fixture in
            try await StubServer.serving { request, _ in
                request.target == "/2" ? .reply(404) : [.pause(.hanging)]
            } _: { server in
                let requests = try requests(fixture, server)
                let error = try await failure {
                    try await Downloader.withDownloader(fixture.settings) { try await $0.fetchAll(requests, limit: 4) }
                }
                #expect(error.code == .notFound)
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
                case "head": [.pause(.hanging)]
                case "body":
                    .begin(contents[Int(request.target.dropFirst()) ?? 0], sending: 10) + [.pause(.hanging)]
                default: .reply(503, ["Retry-After": "50"])
                }
            } _: { server in
                let requests = try requests(fixture, server)
                let pausing = Flag()
                var settings = fixture.settings
                settings.time.pause = { _ in
                    pausing.raise()
                    try await Task.sleep(for: .hanging)
                }
                try await expectCancellation {
                    switch moment {
                    case "head": !server.requests.isEmpty
                    case "body": fixture.progress > 0
                    default: pausing.isRaised
                    }
                } of: { [settings] in
                    try await Downloader.withDownloader(settings) { _ = try await $0.fetchAll(requests) }
                }
            }
        }
    }

    @Test func `cancellation does not wait for a connection that is being opened`() async throws {
        try await DownloadFixture.using { fixture in
            try await SilentPort.listening { port in
                let request = try fixture.request(["http://127.0.0.1:\(port)/a"], .upTo(10))
                let began = Flag()
                try await expectCancellation {
                    began.isRaised
                } of: {
                    try await Downloader.withDownloader(fixture.settings) {
                        began.raise()
                        _ = try await $0.fetch(request)
                    }
                }
            }
        }
    }

    /// Cancels `work` once `isUnderWay`, and expects that it then ends by `CancellationError`.
    private func expectCancellation(
        once isUnderWay: () -> Bool, of work: @escaping @Sendable () async throws -> Void
    ) async throws {
        let working = Task { try await work() }
        try await until { isUnderWay() }
        working.cancel()
        await #expect(throws: CancellationError.self) { try await working.value }
    }
}

extension Downloader {
    /// Fetches several files as `DebianArchive` fetches packages.
    fileprivate func fetchAll(_ requests: [DownloadRequest], limit: Int = 6) async throws -> [Download] {
        try await mapConcurrently(requests, limit: limit) { try await fetch($0) }
    }
}
