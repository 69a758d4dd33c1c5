import Foundation
import NIOHTTP1
import RegistryTesting
import Testing

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

extension EndToEnd {
    /// Pushes that die. `IMAGEBUILD_KILLS` says how many; the chunk of an upload is 32 MiB.
    @Suite struct PushKilledTests {
        private static let chunk: Int64 = 32 << 20

        private static var kills: Int {
            ProcessInfo.processInfo.environment["IMAGEBUILD_KILLS"].flatMap { Int($0) } ?? 12
        }

        @Test func `row 52: a push that is killed leaves no part under a tag, and the next goes on where it was`()
            async throws
        {
            try await CommandLineFixture.scoped { fixture in
                let image = try await LargeImage(fixture)
                try await TestRegistry.run { registry in
                    let whole = try await push(fixture, registry, to: "measure").duration
                    var (killed, repository) = (0, 0)
                    while killed < Self.kills {
                        repository += 1
                        let name = "killed/\(repository)"
                        registry.wire.clear()
                        var deaths: Int64 = 0
                        // Killed again and again, at most five times, and then left to end.
                        while deaths < 5, killed < Self.kills {
                            let program = try fixture.start("copy", "oci:large", "\(registry.host)/\(name):1")
                            try await Task.sleep(for: whole * Double.random(in: 0..<1.05))
                            program.signal(SIGKILL)
                            guard try await program.ended().status == 137 else { break }
                            (deaths, killed) = (deaths + 1, killed + 1)
                            try await expectNothingOrAll(fixture, registry, name, image)
                        }
                        let last = try await push(fixture, registry, to: name)
                        #expect(last.digest == image.digest)
                        try await expectNothingOrAll(fixture, registry, name, image)
                        let waste = registry.wire.uploaded - image.blobBytes
                        #expect(
                            waste <= deaths * Int64(image.blobs) * Self.chunk,
                            "\(deaths) deaths cost \(waste) bytes: \(registry.wire.requests)")
                    }
                }
            }
        }

        private func push(
            _ fixture: CommandLineFixture, _ registry: TestRegistry, to name: String
        ) async throws -> (digest: String, duration: Duration) {
            let began = ContinuousClock.now
            let digest = try await fixture.succeed("copy", "oci:large", "\(registry.host)/\(name):1")
            return (digest, ContinuousClock.now - began)
        }

        /// What has the tag is pulled completely; without it nobody can take a part for the whole.
        private func expectNothingOrAll(
            _ fixture: CommandLineFixture, _ registry: TestRegistry, _ name: String, _ image: LargeImage
        ) async throws {
            let tag = try await RegistryClient(registry).send(.HEAD, "/v2/\(name)/manifests/1")
            guard tag.status == 200 else {
                #expect(tag.status == 404)
                return
            }
            let pulled = fixture.folder.appending(path: "pulled")
            try? FileManager.default.removeItem(at: pulled)
            #expect(try await fixture.succeed("copy", "\(registry.host)/\(name):1", "oci:pulled:1") == image.digest)
        }
    }

    /// A layout with two layers of random bytes, one of several chunks, which nothing unpacks.
    private struct LargeImage {
        let digest: String
        let blobs = 3
        private(set) var blobBytes: Int64 = 0

        init(_ fixture: CommandLineFixture) async throws {
            let layers = [try await Self.layer(fixture, megabytes: 300), try await Self.layer(fixture, megabytes: 40)]
            let diffs = layers.map { "\"\($0.digest)\"" }.joined(separator: ",")
            let config = try await Self.add(
                #"{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[\#(diffs)]}}"#, fixture)
            let list = layers.map { Self.descriptor("application/vnd.oci.image.layer.v1.tar", $0) }
            let type = "application/vnd.oci.image.manifest.v1+json"
            let manifest = try await Self.add(
                #"{"schemaVersion":2,"mediaType":"\#(type)","config":\#(Self.descriptor("application/vnd.oci.image.config.v1+json", config)),"layers":[\#(list.joined(separator: ","))]}"#,
                fixture)
            try fixture.write(#"{"imageLayoutVersion":"1.0.0"}"#, to: "large/oci-layout")
            try fixture.write(
                #"{"schemaVersion":2,"manifests":[\#(Self.descriptor(type, manifest))]}"#, to: "large/index.json")
            digest = manifest.digest
            blobBytes = (layers + [config]).reduce(0) { $0 + $1.size }
        }

        private static func descriptor(_ type: String, _ blob: (digest: String, size: Int64)) -> String {
            #"{"mediaType":"\#(type)","digest":"\#(blob.digest)","size":\#(blob.size)}"#
        }

        private static func layer(
            _ fixture: CommandLineFixture, megabytes: Int
        ) async throws -> (digest: String, size: Int64) {
            try FileManager.default.createDirectory(
                at: fixture.folder.appending(path: "large/blobs/sha256"), withIntermediateDirectories: true)
            try await fixture.tool("sh", "-c", "head -c \(megabytes)M /dev/urandom > large/new")
            return try await keep(fixture)
        }

        private static func add(
            _ text: String, _ fixture: CommandLineFixture
        ) async throws -> (digest: String, size: Int64) {
            try fixture.write(text, to: "large/new")
            return try await keep(fixture)
        }

        /// Gives the new file the name of its digest.
        private static func keep(_ fixture: CommandLineFixture) async throws -> (digest: String, size: Int64) {
            let said = try await fixture.tool(
                "sh", "-c",
                "s=$(sha256sum < large/new | cut -c1-64); stat -c $s,%s large/new; mv large/new large/blobs/sha256/$s"
            ).split(separator: ",")
            let size = try #require(said.last.flatMap { Int64($0) })
            return ("sha256:\(try #require(said.first))", size)
        }
    }
}
