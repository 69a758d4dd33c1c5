import Foundation
import NIOHTTP1
import RegistryTesting
import ReleaseTesting
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

extension EnduranceTests {
    /// Releases whose steps die.
    @Suite struct ReleaseKilledTests {
        private static let steps = ["build", "sign", "publish"]

        @Test func `a release whose steps are killed at any moment ends as one that was left alone`() async throws {
            try await PublishedRelease.scoped { release in
                // The first run compiles; the second takes as long as the ones that are killed.
                _ = try await whole(release)
                var alone = Whole(sums: [], times: [], digests: [:])
                try await release.again("alone") { alone = try await whole($0, "alone") }
                var (killed, round) = (0, 0)
                while killed < EnduranceTests.kills {
                    round += 1
                    let repository = "round-\(round)"
                    try await release.again(repository) { release in
                        try await release.tool.succeed(release.tool.begin)
                        try await release.watched(repository) {
                            for (step, time) in zip(Self.steps, alone.times) {
                                killed += try await kill(step, within: time, release, repository)
                            }
                        }
                        #expect(try sums(release) == alone.sums)
                        #expect(release.github.pages.map(\.isDraft) == [false])
                        let folder = Setting(folder: release.tool.folder, environment: ["PATH": "/usr/bin:/bin"])
                        let checked = try await Program.run(["sha256sum", "--quiet", "-c", "SHA256SUMS"], in: folder)
                        #expect(checked.status == 0, "\(checked.output)\(checked.errors)")
                        for host in release.registries {
                            #expect(try await release.digests(of: repository, in: host) == alone.digests)
                        }
                        try await expectPulled(release, repository)
                    }
                }
            }
        }

        @Test(arguments: ServedRegistry.Kind.allCases)
        func `who asks for a tag while it is set gets it, or the one answer that docker-registry has then`(
            _ kind: ServedRegistry.Kind
        ) async throws {
            try await CommandLineFixture.scoped { fixture in
                try await ServedRegistry.serving(kind, fixture) { registry in
                    let client = RegistryClient("http://\(registry.address)")
                    let digest = try await client.pushImage("v1")
                    let document = try await registry.ask(.GET, "/v2/a/b/manifests/\(digest)")
                    let over = Flag()
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        for name in ["v1", "\(digest)"] {
                            group.addTask {
                                while !over.isRaised {
                                    let answer = try await registry.ask(.GET, "/v2/a/b/manifests/\(name)")
                                    #expect(answer.status == 200 && answer.body == document.body, "\(answer)")
                                }
                            }
                        }
                        defer { over.raise() }
                        for _ in 0..<100 { #expect(try await client.put(document.body, as: "v1").status == 201) }
                        over.raise()
                        try await group.waitForAll()
                    }
                }
            }
        }

        private struct Whole {
            /// The lines of the sums, without those of signatures.
            var sums: [Substring]
            var times: [Duration]
            /// The digests behind the tags, in all registries the same.
            var digests: [String: String]
        }

        private func whole(_ release: PublishedRelease, _ repository: String = "tool") async throws -> Whole {
            try await release.tool.succeed(release.tool.begin)
            var times: [Duration] = []
            for step in Self.steps {
                let began = ContinuousClock.now
                let ended = try await release.start(words(step, release)).ended()
                try #require(ended.status == 0, "\(step): \(ended.errors)")
                times.append(ContinuousClock.now - began)
            }
            let digests = try await release.digests(of: repository, in: release.docker.address)
            #expect(Set(digests.keys) == PublishedRelease.tags)
            return Whole(sums: try sums(release), times: times, digests: digests)
        }

        private func words(_ step: String, _ release: PublishedRelease) -> [String] {
            switch step {
            case "build": release.build
            case "sign": release.sign
            default: release.tool.words("publish", ["--yes"])
            }
        }

        private func sums(_ release: PublishedRelease) throws -> [Substring] {
            try release.tool.fixture.text("release/v1.0.1/SHA256SUMS").split(separator: "\n")
                .filter { !$0.hasSuffix(".asc") }
        }

        /// Kills a step at most four times, then lets it end; the number of deaths.
        private func kill(
            _ step: String, within time: Duration, _ release: PublishedRelease, _ repository: String
        ) async throws -> Int {
            var deaths = 0
            while deaths < 4 {
                let program = try release.start(words(step, release))
                try await Task.sleep(for: time * Double.random(in: 0..<1))
                program.signal(SIGKILL)
                guard try await program.ended().status == 128 + SIGKILL else { break }
                deaths += 1
                #expect(release.github.pages.count <= 1)
                if step == "publish" { try await expectPulled(release, repository) }
            }
            let ended = try await release.start(words(step, release)).ended()
            #expect(ended.status == 0, "\(step) after \(deaths) deaths: \(ended.errors)")
            return deaths
        }

        /// What has a tag is pulled completely.
        private func expectPulled(_ release: PublishedRelease, _ repository: String) async throws {
            let fixture = release.tool.fixture
            for host in release.registries {
                for tag in try await release.standingTags(of: repository, in: host) {
                    try? FileManager.default.removeItem(at: fixture.folder.appending(path: "pulled"))
                    _ = try await fixture.succeed("copy", "\(host)/\(repository):\(tag)", "oci:pulled:1")
                }
            }
        }
    }
}
