import Foundation
import HTTPTransfer
import OCIModel
import ReleaseTesting
import StubHTTP
import Synchronization
import SystemPackage
import TestSupport
import Testing

@testable import ImageReleasing

@Suite struct `Pages at GitHub` {
    /// A page with two files that are to be published, at a stand-in of GitHub.
    private struct Setting: Sendable {
        let github: GitHubStandIn
        let page: GitHubPage
        let assets: [Asset]
        let folder: FilePath
        /// The waits, in seconds; nobody waits for them.
        let waits: Waits

        func fill(_ draft: GitHubRelease) async throws {
            try await page.fill(draft, with: assets, from: { folder.appending($0.name) }, { _ in })
        }

        func publish() async throws -> GitHubRelease {
            let all = try await page.all()
            let draft: GitHubRelease
            if let known = try page.own(among: all) {
                draft = known
            } else {
                draft = try await page.create(notes: "Notes")
            }
            try await fill(draft)
            return try await page.publish(draft, isLatest: page.isHighest(among: all))
        }
    }

    private final class Waits: Sendable {
        private let seconds = Mutex<[Int64]>([])
        var all: [Int64] { seconds.withLock { $0 } }
        func add(_ wait: Duration) { seconds.withLock { $0.append(wait.components.seconds) } }
    }

    private func using(
        version: String = "1.0.1", token: String? = GitHubStandIn.token,
        _ body: @Sendable (Setting) async throws -> Void
    ) async throws {
        try await withTemporaryFolder { folder in
            var assets: [Asset] = []
            for (name, bytes) in [
                ("tool-v1.0.1.tar.gz", noise(300_000, seed: 1)), ("SHA256SUMS", Array("sums\n".utf8)),
            ] {
                try Data(bytes).write(to: URL(filePath: folder.appending(name).string))
                assets.append(Asset(name: name, kind: .archive, size: Int64(bytes.count), digest: Digest(of: bytes)))
            }
            let (github, waits, files) = (GitHubStandIn(), Waits(), assets)
            try await github.serving { server in
                let clients = HTTPClients(
                    HTTPSettings(
                        proxies: try ProxySettings(environment: [:]), certificateFile: nil, connect: .seconds(60),
                        idle: .seconds(60), connectionsPerHost: 4))
                let api = GitHubAPI(
                    clients, base: try HTTPAddress(server.url("")), token: token, now: { 0 },
                    pause: { waits.add($0) }, note: { _ in })
                let page = GitHubPage(api, owner: "o", repository: "r", version: try SemanticVersion(version))
                let result: Result<Void, any Error>
                do {
                    try await body(
                        Setting(github: github, page: page, assets: files, folder: folder, waits: waits))
                    result = .success(())
                } catch {
                    result = .failure(error)
                }
                await clients.shutdown()
                try result.get()
            }
        }
    }

    @Test func `a draft is filled and compared, then published once`() async throws {
        try await using { setting in
            let published = try await setting.publish()
            #expect(!published.draft && !published.prerelease)
            let page = try #require(setting.github.pages.first)
            #expect(setting.github.pages.count == 1 && !page.isDraft && page.isLatest && page.body == "Notes")
            #expect(Set(page.files.map { Digest(of: $0.bytes) }) == Set(setting.assets.map(\.digest)))
            // Nothing was published before the last file was there.
            let log = setting.github.log
            let (lastUpload, publication) = (
                log.lastIndex { $0.hasSuffix("/assets") }, log.firstIndex { $0.hasPrefix("PATCH") }
            )
            #expect(try #require(lastUpload) < (try #require(publication)))
        }
    }

    @Test func `limits are waited for as they ask, and broken uploads are replaced`() async throws {
        try await using { setting in
            setting.github.set { ($0.limits, $0.brokenUploads) = (2, 1) }
            let first = await #expect(throws: ReleaseError.self) { try await setting.publish() }
            #expect(first?.message.contains("GitHub answers 502") == true)
            #expect(setting.waits.all == [1, 1])
            #expect(setting.github.pages.map(\.isDraft) == [true])
            _ = try await setting.publish()
            #expect(setting.github.pages.map(\.isDraft) == [false])
            #expect(setting.github.pages.first?.files.allSatisfy(\.isWhole) == true)
        }
    }

    @Test func `a lost answer to the publication does no harm`() async throws {
        try await using { setting in
            setting.github.set { $0.lostPublications = 1 }
            _ = try await setting.publish()
            #expect(setting.github.pages.map(\.isDraft) == [false])
        }
    }

    @Test func `without stated digests the bytes themselves are compared`() async throws {
        try await using { setting in
            setting.github.hideDigests()
            _ = try await setting.publish()
            let page = try #require(try await setting.page.published())
            try await setting.page.requireSame(page, setting.assets)
            setting.github.damage("SHA256SUMS", of: "v1.0.1")
            let error = await #expect(throws: ReleaseError.self) {
                try await setting.page.requireSame(page, setting.assets)
            }
            #expect(error?.message == "v1.0.1 is published at o/r with other files: SHA256SUMS")
        }
    }

    @Test func `an immutable release is never tried again`() async throws {
        try await using { setting in
            setting.github.makeImmutable()
            _ = try await setting.publish()
            setting.github.damage("SHA256SUMS", of: "v1.0.1")
            let page = try #require(try setting.page.own(among: try await setting.page.all()))
            let error = await #expect(throws: ReleaseError.self) {
                try await setting.page.requireSame(page, setting.assets)
            }
            #expect(error?.hint?.hasPrefix("It is immutable") == true)
        }
    }

    @Test func `a foreign file in a draft stops the publication`() async throws {
        try await using { setting in
            let draft = try await setting.page.create(notes: "")
            try await setting.fill(draft)
            let fewer = Array(setting.assets.dropLast())
            let error = await #expect(throws: ReleaseError.self) {
                try await setting.page.fill(
                    draft, with: fewer, from: { setting.folder.appending($0.name) }, { _ in })
            }
            #expect(error?.message == "the draft of v1.0.1 has the file SHA256SUMS, which is not of this release")
        }
    }

    @Test func `only the highest stable version becomes the latest`() async throws {
        try await using { setting in
            setting.github.addPublished("v2.0.0")
            _ = try await setting.publish()
            #expect(setting.github.pages.filter(\.isLatest).map(\.tag) == ["v2.0.0"])
        }
        try await using(version: "3.0.0-rc.1") { setting in
            let page = try await setting.publish()
            #expect(page.prerelease)
            #expect(setting.github.pages.allSatisfy { !$0.isLatest })
        }
    }

    @Test func `a wrong token is said to be one, and without one only what is public is seen`() async throws {
        try await using(token: "wrong") { setting in
            let error = await #expect(throws: ReleaseError.self) { try await setting.page.create(notes: "") }
            #expect(error?.message == "cannot make the draft of v1.0.1: GitHub answers 401: Bad credentials")
        }
        try await using(token: nil) { setting in
            let (all, published) = (try await setting.page.all(), try await setting.page.published())
            #expect(all.isEmpty && published == nil)
        }
    }

    @Test func `files go to no other host than the API's`() async throws {
        try await using { setting in
            var draft = try await setting.page.create(notes: "")
            draft.uploadUrl = "http://elsewhere.example.org/upload{?name,label}"
            let other = draft
            let error = await #expect(throws: ReleaseError.self) { try await setting.fill(other) }
            #expect(error?.message.contains("which the token is not for") == true)
        }
    }
}
