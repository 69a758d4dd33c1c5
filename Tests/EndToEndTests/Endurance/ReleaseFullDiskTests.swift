import Foundation
import ReleaseTesting
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

extension EnduranceTests {
    /// Releases whose disk has no space.
    @Suite struct ReleaseFullDiskTests {
        @Test(.enabled(if: geteuid() == 0, "a small file system can be mounted by root alone"))
        func `a full disk is told as one, nothing is half published, and the next run goes on`() async throws {
            try await PublishedRelease.scoped { release in
                let (tool, fixture) = (release.tool, release.tool.fixture)
                try await SmallDisk.mounted(on: "release", size: "32m", fixture) { disk in
                    try await tool.succeed(tool.begin)
                    for room in [8 << 10, 1 << 20, 3 << 20] {
                        try await disk.fill(leaving: room)
                        try await expectFull(release, release.build, "release/v1.0.1")
                        #expect(!fixture.names(tool.folder).contains("SHA256SUMS"))
                    }
                    try await disk.empty()
                    try await tool.succeed(release.build)
                    try await disk.fill(leaving: 0)
                    try await expectFull(release, release.sign, "tool-v1.0.1")
                    #expect(fixture.names(tool.folder).allSatisfy { !$0.hasSuffix(".asc") })
                    try await disk.empty()
                    try await tool.succeed(release.sign)

                    let publish = tool.words("publish", ["--yes"])
                    try await disk.fill(leaving: 0)
                    try await expectFull(release, publish, "release/v1.0.1")
                    #expect(release.github.pages.isEmpty)
                    try await disk.empty()
                    try await SmallDisk.mounted(on: "published", size: "1m", fixture) { disk in
                        try await expectFull(release, publish, "published/.new-v1.0.1")
                        #expect(fixture.names(fixture.folder).allSatisfy { !$0.contains("published/v1.0.1") })
                        #expect(release.github.pages.map(\.isDraft) == [true])
                    }
                    #expect(try await release.publish("--yes").status == 0)
                    for host in release.registries {
                        #expect(try await release.standingTags(in: host) == PublishedRelease.tags)
                    }
                    #expect(release.github.pages.map(\.isDraft) == [false])
                    let verified = try await release.verify()
                    #expect(verified.status == 0, "\(verified.output)\(verified.errors)")
                }
            }
        }

        /// The requests at which the disk fills: before the tags are set, and when the page is published.
        @Test(
            .enabled(if: geteuid() == 0, "a small file system can be mounted by root alone"),
            arguments: [("POST", false), ("PATCH", true)])
        func `a disk that fills amid the publication leaves tags and draft, and the next run goes on`(
            _ method: String, _ isPublished: Bool
        ) async throws {
            try await PublishedRelease.scoped { release in
                let (tool, fixture) = (release.tool, release.tool.fixture)
                try await SmallDisk.mounted(on: "release", size: "32m", fixture) { disk in
                    try await release.prepare()
                    let journal = tool.folder.appending(path: ".imagebuild/journal.jsonl")
                    release.github.whenAsked { request in
                        guard request.hasPrefix(method) else { return }
                        try? Self.fillLastPage(of: journal)
                        disk.fill()
                    }
                    let ended = try await release.publish("--yes")
                    release.github.whenAsked { _ in }
                    #expect(ended.status == 1, "\(ended.output)\(ended.errors)")
                    for part in ["journal.jsonl: No space left on device", "hint: free some space", "to go on"] {
                        #expect(ended.errors.contains(part), "\(ended.errors)")
                    }
                    for host in release.registries {
                        #expect(try await release.standingTags(in: host) == PublishedRelease.tags)
                    }
                    #expect(release.github.pages.map(\.isDraft) == [!isPublished])
                    #expect(!fixture.names(fixture.folder).contains { $0.hasPrefix("published/v1.0.1") })

                    try await disk.empty()
                    let again = try await release.publish("--yes")
                    #expect(again.status == 0, "\(again.errors)")
                    #expect(release.github.pages.map(\.isDraft) == [false])
                    let verified = try await release.verify()
                    #expect(verified.status == 0, "\(verified.output)\(verified.errors)")
                }
            }
        }

        /// Repeats a line in a journal until the next one needs a new page of the disk.
        private static func fillLastPage(of journal: URL) throws {
            var bytes = try Data(contentsOf: journal)
            let line = Data("{\"done\":true,\"step\":\"sign\"}\n".utf8)
            let file = try FileHandle(forWritingTo: journal)
            defer { try? file.close() }
            try file.seekToEnd()
            while bytes.count % 4096 < 4064 {
                try file.write(contentsOf: line)
                bytes += line
            }
        }

        /// Runs a step that must fail for want of space on `place`, and expects that no tag stands.
        private func expectFull(_ release: PublishedRelease, _ words: [String], _ place: String) async throws {
            let ended = try await release.start(words).ended()
            #expect(ended.status == 1, "\(words): \(ended.output)\(ended.errors)")
            #expect(ended.errors.contains("o space left on device"), "\(words): \(ended.errors)")
            #expect(ended.errors.contains(place), "\(words): \(ended.errors)")
            #expect(ended.errors.contains("hint: free some space"), "\(words): \(ended.errors)")
            for host in release.registries { #expect(try await release.standingTags(in: host) == []) }
        }
    }
}
