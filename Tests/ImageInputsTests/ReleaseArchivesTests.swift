import DurableFiles
import HTTPTransfer
import ImageDefinition
import OCIContent
import OCIModel
import StubHTTP
import Synchronization
import SystemPackage
import TestSupport
import Testing

@testable import ImageInputs

@Suite struct ReleaseArchivesTests {
    static let content = noise(50_000)
    static let sum = Digest(of: content)

    /// Serves `/v1/a.tgz` and the given list of sums.
    static func using<R: Sendable>(
        sums: String, rules: @Sendable (StubServer) -> String = { _ in "" },
        _ body: @escaping @Sendable (ReleaseArchives, ContentStore, StubServer) async throws -> R
    ) async throws -> R {
        try await DownloadFixture.using { fixture in
            let answers: StubServer.Respond = { request, _ in
                switch request.target {
                case "/v1/a.tgz": .serve(content, to: request)
                case "/v1/empty.tgz": .reply(200)
                case "/v1/SHA256SUMS": .reply(200, [:], Array(sums.utf8))
                default: .reply(404)
                }
            }
            return try await StubServer.serving(answers) { server in
                let store = try ContentStore(root: fixture.folder.appending("store"))
                let mirrors = try DownloadMirrors(rules(server))
                return try await Downloader.withDownloader(fixture.settings) { downloader in
                    try await body(
                        ReleaseArchives(mirrors: mirrors, downloader: downloader, store: store), store, server)
                }
            }
        }
    }

    static func request(_ server: StubServer, stating sum: Digest? = nil, sums: Bool = true) -> ArchiveRequest {
        ArchiveRequest(urls: [server.url("/v1/a.tgz")], sums: sums ? server.url("/v1/SHA256SUMS") : nil, sha256: sum)
    }

    @Test func `an archive is pinned by the release's list of sums, and fetched by the pin`() async throws {
        let sums = "\(String(repeating: "b", count: 64))  other.tgz\n\(Self.sum.hex)  a.tgz\n"
        try await Self.using(sums: sums) { archives, store, server in
            let locked = try await archives.lock([Self.request(server), Self.request(server)], previous: []) { _ in }
            let file = Lock.SumsFile(url: server.url("/v1/SHA256SUMS"), sha256: Digest(of: sums.utf8))
            #expect(
                locked == [Lock.Archive(urls: [server.url("/v1/a.tgz")], size: 50_000, sha256: Self.sum, sums: file)])
            try FileSystem.remove(store.path(of: Self.sum))
            try await archives.fetch(locked) { _ in }
            #expect(store.contains(Self.sum, size: 50_000))
            let before = server.requests.count
            try await archives.fetch(locked) { _ in }
            _ = try await archives.lock([Self.request(server, stating: Self.sum)], previous: locked) { _ in }
            #expect(server.requests.count == before)
        }
    }

    @Test func `mirrors are asked in place of the original server`() async throws {
        let sums = "\(Self.sum.hex) *./a.tgz\r\n"
        try await Self.using(sums: sums, rules: { "http://origin.invalid/=\($0.url("/"))" }) { archives, _, _ in
            let request = ArchiveRequest(
                urls: ["http://origin.invalid/v1/a.tgz"], sums: "http://origin.invalid/v1/SHA256SUMS")
            let locked = try await archives.lock([request], previous: []) { _ in }
            #expect(locked.map(\.urls) == [["http://origin.invalid/v1/a.tgz"]])
            #expect(locked.first?.sums?.url == "http://origin.invalid/v1/SHA256SUMS")
        }
    }

    @Test func `a list of sums is not read over plain HTTP, by the definition or by a mirror`() async throws {
        for rules in ["", "https://origin.invalid/=http://mirror.invalid/"] {
            try await Self.using(sums: "", rules: { _ in rules }) { archives, _, _ in
                let request = ArchiveRequest(
                    urls: ["https://origin.invalid/a.tgz"],
                    sums: (rules.isEmpty ? "http" : "https") + "://origin.invalid/SHA256SUMS")
                let error = try await failure { try await archives.lock([request], previous: []) { _ in } }
                #expect(error.code == .rejected && error.message.contains("over plain HTTP"), "\(error)")
            }
        }
    }

    @Test func `bytes that do not match the stated sum are refused and not kept`() async throws {
        try await Self.using(sums: "") { archives, store, server in
            let error = try await failure {
                try await archives.lock([Self.request(server, stating: Digest(of: [1]))], previous: []) { _ in }
            }
            #expect(error.code == .corrupt)
            #expect(error.message.contains("is not the released archive"))
            #expect(!store.contains(Self.sum, size: 50_000))
        }
    }

    @Test func `an empty archive is refused, since no lock can have it`() async throws {
        try await Self.using(sums: "") { archives, _, server in
            let request = ArchiveRequest(
                urls: [server.url("/v1/empty.tgz")], sums: nil, sha256: Digest(of: [UInt8]()))
            let error = try await failure { try await archives.lock([request], previous: []) { _ in } }
            #expect(error.code == .corrupt && error.message.contains("is empty"))
        }
    }

    @Test func `changed bytes are refused when fetched`() async throws {
        try await Self.using(sums: "") { archives, store, server in
            let pin = Lock.Archive(urls: [server.url("/v1/a.tgz")], size: 50_000, sha256: Digest(of: [1]))
            let error = try await failure { try await archives.fetch([pin]) { _ in } }
            #expect(error.code == .corrupt)
            #expect(!store.contains(pin.sha256, size: 50_000))
        }
    }

    @Test(arguments: [
        "", "nonsense\n", "\(String(repeating: "b", count: 64))  b.tgz\n",
        "\(sum.hex)  a.tgz\n\(String(repeating: "b", count: 64))  a.tgz\n",
    ])
    func `a list without exactly one sum of the archive is refused`(sums: String) async throws {
        try await Self.using(sums: sums) { archives, _, server in
            let error = try await failure { try await archives.lock([Self.request(server)], previous: []) { _ in } }
            #expect(error.code == .unsatisfiable)
            #expect(error.message.hasSuffix("has no sum of a.tgz, or several"))
        }
    }

    @Test func `without any sum nothing is trusted`() async throws {
        try await Self.using(sums: "") { archives, _, server in
            let error = try await failure {
                try await archives.lock([Self.request(server, sums: false)], previous: []) { _ in }
            }
            #expect(error.message == "no sum is known for a.tgz")
            #expect(server.requests.isEmpty)
        }
    }
}

@Suite struct DownloadMirrorsTests {
    private func addresses(_ rules: String, _ url: String) throws -> [String] {
        try DownloadMirrors(rules).addresses(for: url).map(\.description)
    }

    @Test func `the matching rules replace an address, in their order`() throws {
        let rules = """
            # our mirrors
            https://github.com/ = https://a.example/gh/, https://github.com/etcd-io=https://b.example
            https://github.com/=https://github.com/
            """
        let url = "https://github.com/etcd-io/etcd/a.tgz"
        #expect(
            try addresses(rules, url) == [
                "https://a.example/gh/etcd-io/etcd/a.tgz", "https://b.example/etcd/a.tgz", url,
            ])
        #expect(try addresses(rules, "https://go.dev/a") == ["https://go.dev/a"])
        #expect(try addresses("", url) == [url])
    }

    @Test func `a host does not match as the prefix of another`() throws {
        #expect(
            try addresses("https://a.example=https://b.example", "https://a.example.org/x") == [
                "https://a.example.org/x"
            ])
        #expect(try addresses("https://a.example=https://b.example", "https://a.example/x") == ["https://b.example/x"])
    }

    @Test func `a registry's mirror is asked for its repositories`() throws {
        let rules = try DownloadMirrors(
            "mcr.microsoft.com/=127.0.0.1:5000/, https://a.example/=https://b.example/, other.example/a=[::1]:80/b")
        #expect(
            rules.repositories(for: "mcr.microsoft.com/windows/nanoserver") == ["127.0.0.1:5000/windows/nanoserver"])
        #expect(rules.repositories(for: "other.example/a/c") == ["[::1]:80/b/c"])
        #expect(rules.repositories(for: "other.example/ab") == ["other.example/ab"])
    }

    @Test(arguments: [
        "https://a.example", "a=b", "mcr.microsoft.com/=https://a.example/", "https://a.example/=",
        "=https://a.example/", "https://a/=ftp://b/",
    ])
    func `a text that is not a rule is refused`(rule: String) {
        let error = #expect(throws: ImageInputsError.self) { try DownloadMirrors(rule) }
        #expect(error?.code == .invalidAddress)
    }
}
