import Foundation
import NIOHTTP1
import RegistryTesting
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

extension EnduranceTests {
    /// Pushes that die, a third of them to docker-registry; the chunk of an upload is 32 MiB.
    @Suite struct PushKilledTests {
        private static let chunk: Int64 = 32 << 20

        @Test func `row 52: a push that is killed leaves no part under a tag, and the next goes on where it was`()
            async throws
        {
            try await CommandLineFixture.scoped { fixture in
                let image = try await LargeImage(fixture)
                try await TestRegistry.run { registry in
                    try await killPushes(EnduranceTests.kills, of: image, to: registry.host, fixture) {
                        registry.wire.clear()
                    } afterwards: { deaths in
                        let waste = registry.wire.uploaded - image.blobBytes
                        #expect(
                            waste <= deaths * Int64(image.blobs) * Self.chunk,
                            "\(deaths) deaths cost \(waste) bytes: \(registry.wire.requests)")
                    }
                }
            }
        }

        /// docker-registry 2.8 keeps nothing of a session whose last request broke: more has arrived than the state says that
        /// it signed, so the next request, be it a GET, cancels the session (404). Chunks do not help, unless the death falls
        /// between two. So a death may cost all of what was under way.
        @Test func `row 52: in docker-registry as well, where no run sends a blob twice`() async throws {
            try await CommandLineFixture.scoped { fixture in
                let image = try await LargeImage(fixture)
                try await ServedRegistry.serving(.docker, fixture) { registry in
                    try await CountingProxy.serving(registry, fixture) { proxy in
                        var seen = 0
                        try await killPushes((EnduranceTests.kills + 2) / 3, of: image, to: proxy.address, fixture) {
                            seen = proxy.uploads.count
                        } afterwards: { deaths in
                            let uploads = proxy.uploads.dropFirst(seen).filter { $0.path.contains("/blobs/uploads/") }
                            for blob in image.sizes {
                                // Only the large one goes in chunks, which do not name it.
                                let sent = uploads.filter {
                                    $0.method == "PATCH"
                                        ? blob.size > 256 << 20 : $0.path.contains(blob.digest.suffix(64))
                                }
                                let bytes = sent.reduce(0) { $0 + $1.bytes }
                                #expect(
                                    (blob.size...blob.size * (deaths + 1)).contains(bytes),
                                    "\(deaths) deaths: \(bytes) bytes sent of \(blob)")
                            }
                        }
                    }
                }
            }
        }

        /// Kills pushes to one repository after another: each at most five times, and then it is left to end.
        private func killPushes(
            _ kills: Int, of image: LargeImage, to host: String, _ fixture: CommandLineFixture, before: () -> Void,
            afterwards: (Int64) -> Void
        ) async throws {
            let whole = try await push(fixture, host, to: "measure").duration
            var (killed, repository) = (0, 0)
            while killed < kills {
                repository += 1
                let name = "killed/\(repository)"
                before()
                var deaths: Int64 = 0
                while deaths < 5, killed < kills {
                    let program = try fixture.start("copy", "oci:large", "\(host)/\(name):1")
                    try await Task.sleep(for: whole * Double.random(in: 0..<1.05))
                    program.signal(SIGKILL)
                    guard try await program.ended().status == 137 else { break }
                    (deaths, killed) = (deaths + 1, killed + 1)
                    try await expectNothingOrAll(fixture, host, name, image)
                }
                let last = try await push(fixture, host, to: name)
                #expect(last.digest == image.digest)
                try await expectNothingOrAll(fixture, host, name, image)
                afterwards(deaths)
            }
        }

        private func push(
            _ fixture: CommandLineFixture, _ host: String, to name: String
        ) async throws -> (digest: String, duration: Duration) {
            let began = ContinuousClock.now
            let digest = try await fixture.succeed("copy", "oci:large", "\(host)/\(name):1")
            return (digest, ContinuousClock.now - began)
        }

        /// What has the tag is pulled completely; without it nobody can take a part for the whole.
        private func expectNothingOrAll(
            _ fixture: CommandLineFixture, _ host: String, _ name: String, _ image: LargeImage
        ) async throws {
            let tag = try await RegistryClient("http://\(host)").send(.HEAD, "/v2/\(name)/manifests/1")
            guard tag.status == 200 else {
                #expect(tag.status == 404)
                return
            }
            let pulled = fixture.folder.appending(path: "pulled")
            try? FileManager.default.removeItem(at: pulled)
            #expect(try await fixture.succeed("copy", "\(host)/\(name):1", "oci:pulled:1") == image.digest)
        }
    }

    /// A layout with two layers of random bytes, one of several chunks, which nothing unpacks.
    private struct LargeImage {
        let digest: String
        let sizes: [(digest: String, size: Int64)]
        var blobs: Int { sizes.count }
        var blobBytes: Int64 { sizes.reduce(0) { $0 + $1.size } }

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
            sizes = layers + [config]
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
