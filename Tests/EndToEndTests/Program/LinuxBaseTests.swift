import Foundation
import ImageDefinition
import OCIModel
import RegistryTesting
import TestSupport
import Testing

extension ProgramTests {
    /// Images on a base image that is in a registry. Offline; needs skopeo, umoci and crane.
    @Suite struct LinuxBaseTests {
        @Test func `an image on a base is what other tools take it for`() async throws {
            try await building { fixture, registry, base in
                let digest = try await fixture.succeed("build", "own", "--all", "--locked")
                let layout = fixture.layout("own").path
                for architecture in LinuxBase.architectures {
                    let raw = try await fixture.tool(
                        "skopeo", "inspect", "--config", "--override-arch", architecture, "oci:\(layout):3")
                    let config = try CanonicalJSON.decode(ImageConfig.self, from: Array(raw.utf8))
                    #expect(config.config?.environment == ["PATH=/usr/bin", "BASE=ours"])
                    #expect(config.config?.user == "nobody" && config.config?.command == ["serve"])
                    #expect(config.rootfs.diffIDs.count == 3 && config.architecture == architecture)
                    try await fixture.tool(
                        "skopeo", "--insecure-policy", "--override-arch", architecture, "copy", "oci:\(layout):3",
                        "oci:\(architecture):x")
                    try await fixture.tool(
                        "umoci", "unpack", "--rootless", "--image", "\(architecture):x", "u-\(architecture)")
                    let root = "u-\(architecture)/rootfs"
                    #expect(try fixture.text("\(root)/etc/own/hello") == "hello\n")
                    #expect(try fixture.text("\(root)/usr/bin/run") == "#!base")
                    #expect(try await fixture.tool("stat", "-c", "%a", "\(root)/srv") == "1777", "the base's own mode")
                    let bytes = try await fixture.tool("sh", "-c", "LC_ALL=C ls -b \(root)/srv")
                    #expect(bytes == "caf\\351\nfile\nlink")
                    let names = try FileManager.default.contentsOfDirectory(
                        atPath: fixture.folder.appending(path: "\(root)/etc").path)
                    #expect(names.sorted() == ["own", "passwd"])
                }
                let index = try CanonicalJSON.decode(
                    Index.self, from: Array(try Data(contentsOf: blob(try Digest(digest), in: layout))))
                for (architecture, entry) in zip(LinuxBase.architectures, index.manifests) {
                    let manifest = try CanonicalJSON.decode(
                        Manifest.self, from: Array(try Data(contentsOf: blob(entry.digest, in: layout))))
                    #expect(manifest.layers.prefix(2) == base.layers[architecture]?.prefix(2))
                    #expect(manifest.annotations?["org.opencontainers.image.base.name"] == "registry.example/os/base:1")
                    for layer in manifest.layers.prefix(2) {
                        #expect(
                            try Data(contentsOf: blob(layer.digest, in: layout))
                                == Data(contentsOf: base.blob(layer.digest)))
                    }
                }
            }
        }

        @Test func `what was built once needs neither the registry nor its layers again`() async throws {
            try await building { fixture, registry, _ in
                let digest = try await fixture.succeed("build", "own", "--all", "--locked")
                registry.wire.clear()
                let again = try await fixture.run("build", "own", "--all", "--locked", "--offline")
                #expect(again.line == digest && again.errors.contains("nothing changed"), "\(again.errors)")
                try fixture.write("changed\n", to: "images/own/hello")
                let changed = try await fixture.run("build", "own", "--all", "--locked", "--offline")
                #expect(changed.status == 0 && changed.line != digest, "\(changed.errors)")
                #expect(registry.wire.requests.isEmpty)
                try fixture.write("hello\n", to: "images/own/hello")
                let other = CommandLineFixture.emptyStore(of: fixture)
                let offline = try await other.run("build", "own", "--all", "--locked", "--offline")
                #expect(
                    offline.status == 1 && offline.errors.contains("--offline forbids to fetch"), "\(offline.errors)")
                #expect(try await other.succeed("build", "own", "--all", "--locked") == digest)
            }
        }

        @Test func `a push mounts the base's layers where the base is in the same registry`() async throws {
            try await building { fixture, registry, base in
                _ = try await fixture.succeed("build", "own", "--all", "--locked")
                let plan = try await fixture.succeed(
                    "push", "own", "\(registry.host)/mine/own", "--offline", "--dry-run", "--format", "json")
                let forecast = try CanonicalJSON.decode([Forecast].self, from: Array(plan.utf8))
                #expect(forecast.first?.content.toMount.blobs == 3, "\(plan)")
                registry.wire.clear()
                let digest = try await fixture.succeed("push", "own", "\(registry.host)/mine/own", "--offline")
                let layers = Set(base.layers.values.joined().map(\.digest.hex))
                let mounts = registry.wire.requests(.uploadStart).map(\.path).filter { $0.contains("from=os/base") }
                #expect(mounts.count == layers.count, "\(registry.wire.requests)")
                let sent = registry.wire.sentBlobs.map(\.path)
                #expect(!sent.contains { path in layers.contains { path.contains($0) } }, "\(sent)")
                let image = "\(registry.host)/mine/own:3"
                try await fixture.tool(Peer.crane.path, "validate", "--remote", image)
                #expect(try await fixture.tool(Peer.crane.path, "digest", image) == digest)
                // Platform by platform it becomes the same index.
                for architecture in LinuxBase.architectures {
                    let part = "\(registry.host)/mine/parts"
                    _ = try await fixture.succeed("push", "own", part, "--offline", "--arch", architecture)
                }
                let index = try await fixture.succeed("push", "own", "\(registry.host)/mine/parts", "--manifest-only")
                #expect(index == digest)
                // Another registry gets them from here.
                try await TestRegistry.run { other in
                    registry.wire.clear()
                    _ = try await fixture.succeed("push", "own", "\(other.host)/own", "--offline")
                    try await fixture.tool(Peer.crane.path, "validate", "--remote", "\(other.host)/own:3")
                    #expect(registry.wire.requests.isEmpty)
                }
            }
        }

        @Test func `a copy reads a repository at its mirrors too`() async throws {
            try await building { fixture, registry, base in
                let copied = try await fixture.succeed("copy", "registry.example/os/base:1", "oci:copied")
                #expect(copied == "\(base.index.digest)")
                let listed = try await fixture.succeed("copy", "registry.example/os/base", "oci:all", "--all-tags")
                #expect(listed.contains("1 \(base.index.digest)"), "\(listed)")
            }
        }

        @Test func `a base of Docker's media types becomes an image of OCI's`() async throws {
            try await building { fixture, registry, base in
                let docker = "\(registry.host)/os/docker:1"
                try await fixture.tool(
                    "skopeo", "--insecure-policy", "copy", "--all", "--format", "v2s2", "--dest-tls-verify=false",
                    "oci:\(base.layout.path):1", "docker://\(docker)")
                let digest = try Digest(await fixture.tool(Peer.crane.path, "digest", docker))
                try fixture.write(definition(digest, "registry.example/os/docker:1"), to: "images/own/image.yaml")
                _ = try await fixture.succeed("lock", "own")
                #expect(
                    try fixture.text("images/own/image.lock.json").contains("vnd.docker.image.rootfs.diff.tar.gzip"))
                _ = try await fixture.succeed("push", "own", "\(registry.host)/mine/own", "--locked")
                let image = "\(registry.host)/mine/own:3-linux-arm64"
                let text = try await fixture.tool(Peer.crane.path, "manifest", image)
                let manifest = try CanonicalJSON.decode(Manifest.self, from: Array(text.utf8))
                #expect(manifest.layers.allSatisfy { $0.mediaType == .layerGzip } && manifest.layers.count == 3)
                #expect(manifest.layers.prefix(2).map(\.digest) == base.layers["arm64"]?.map(\.digest))
                try await fixture.tool(Peer.crane.path, "validate", "--remote", image)
            }
        }

        @Test func `the lock proves the base without the registry, and says what does not hold`() async throws {
            try await building { fixture, registry, base in
                registry.wire.clear()
                _ = try await fixture.succeed("lock", "own", "--check", "--offline")
                #expect(registry.wire.requests.isEmpty)
                let lock = try fixture.text("images/own/image.lock.json")
                #expect(lock.contains("registry.example/os/base:1@\(base.index.digest)"))
                #expect(!lock.contains(registry.host))
                let layer = try #require(base.layers["arm64"]?[0].digest)
                try fixture.write(
                    lock.replacingOccurrences(of: layer.hex, with: Digest(of: [1]).hex),
                    to: "images/own/image.lock.json")
                let wrong = try await fixture.run("lock", "own", "--check", "--offline")
                #expect(wrong.status == 1)
                #expect(
                    wrong.errors.contains("the base image of linux/arm64 is not what \(base.index.digest) leads to"))
                try fixture.write(lock, to: "images/own/image.lock.json")
                let proof = "images/own/lock/base-images/\(base.index.digest.hex).json"
                try fixture.write(try fixture.text(proof) + " ", to: proof)
                let damaged = try await fixture.run("lock", "own", "--check", "--offline")
                #expect(
                    damaged.status == 1 && damaged.errors.contains("damaged: lock/base-images/"), "\(damaged.errors)")
            }
        }

        @Test func `a tag that has moved on is told, and the digest stays`() async throws {
            try await building { fixture, registry, base in
                let newer = try LinuxBase(writingTo: fixture.folder.appending(path: "newer"), text: "newer")
                try await put(newer, registry, fixture)
                let checked = try await fixture.run("lock", "own", "--check")
                #expect(checked.status == 0, "\(checked.errors)")
                #expect(
                    checked.errors.contains(
                        "registry.example/os/base:1 is at \(newer.index.digest) now; the definition's base is \(base.index.digest)"
                    ),
                    "\(checked.errors)")
                // By the digest it is there as before.
                let other = CommandLineFixture.emptyStore(of: fixture)
                _ = try await other.succeed("build", "own", "--all", "--locked")
            }
        }

        @Test func `what the registry does not have, or has otherwise, is named`() async throws {
            try await building { fixture, registry, base in
                let layer = try #require(base.layers["amd64"]?[0])
                let other = CommandLineFixture.emptyStore(of: fixture)
                registry.faults.on(.blob, turns: 1...100, .editBody { $0.count > 50_000 ? $0.map { $0 ^ 1 } : $0 })
                let corrupt = try await other.run("build", "own", "--arch", "amd64", "--locked")
                #expect(corrupt.status != 0 && corrupt.errors.contains("\(layer.digest)"), "\(corrupt.errors)")
                #expect(!FileManager.default.fileExists(atPath: other.blobs.appending(path: layer.digest.hex).path))
                registry.faults.clear()
                registry.faults.on(.blob, turns: 1...100, .answer(404))
                let missing = try await other.run("build", "own", "--arch", "amd64", "--locked")
                #expect(missing.status == 1, "\(missing.errors)")
                #expect(
                    missing.errors.contains("cannot read the base image registry.example/os/base@"), "\(missing.errors)"
                )
                registry.faults.clear()
                // And all is well again.
                _ = try await other.succeed("build", "own", "--arch", "amd64", "--locked")
                #expect(other.temporaries == [])
            }
        }

        @Test func `a digest or platform that is not there is refused when locking`() async throws {
            try await building { fixture, registry, base in
                let wrong = Digest(of: [7])
                try fixture.write(definition(wrong), to: "images/own/image.yaml")
                let unknown = try await fixture.run("lock", "own")
                #expect(unknown.status == 1)
                #expect(unknown.errors.contains("registry.example/os/base@\(wrong)"), "\(unknown.errors)")
                try fixture.write(
                    definition(base.index.digest).replacing("linux/arm64", with: "linux/ppc64le"),
                    to: "images/own/image.yaml")
                let platform = try await fixture.run("lock", "own")
                #expect(platform.status == 1)
                #expect(
                    platform.errors.contains(
                        "cannot build for linux/ppc64le on the base image registry.example/os/base:1"))
                #expect(platform.errors.contains("choose one of: linux/amd64, linux/arm64"), "\(platform.errors)")
            }
        }

        @Test func `a base may be in an OCI layout, and archives hold its layers`() async throws {
            try await CommandLineFixture.scoped { fixture in
                let base = try LinuxBase(writingTo: fixture.folder.appending(path: "base"), .zstd)
                try writeImage(fixture, definition(base.index.digest, "oci:../../base"))
                _ = try await fixture.succeed("lock", "own")
                let digest = try await fixture.succeed(
                    "build", "own", "--all", "--locked", "--output", "oci-archive:own.tar", "--output", "oci:own")
                #expect(try await fixture.succeed("copy", "oci-archive:own.tar", "oci:again") == digest)
                let whole = try await fixture.succeed("inspect", "oci:again")
                #expect(whole.contains(try #require(base.layers["arm64"]).last?.digest.description ?? "?"))
                #expect(!whole.contains("base.name") && !whole.contains("not here"))
                _ = try await fixture.succeed(
                    "build", "own", "--arch", "arm64", "--locked", "--output", "docker-archive:own-arm64.tar")
            }
        }

        /// What `push --dry-run --format json` prints, as far as it matters here.
        private struct Forecast: Decodable {
            struct Content: Decodable {
                struct Share: Decodable { var blobs: Int }
                var toMount: Share
            }
            var content: Content
        }

        private func blob(_ digest: Digest, in layout: String) -> URL {
            URL(fileURLWithPath: layout).appending(path: "blobs/sha256/\(digest.hex)")
        }

        private func definition(_ digest: Digest, _ image: String = "registry.example/os/base:1") -> String {
            """
            schema: 1
            name: own
            revision: 3
            platforms: [linux/amd64, linux/arm64]
            base:
              image: \(image)
              digest: \(digest)
            files: [{source: hello, path: /etc/own/hello}, {source: data, path: /srv}]
            config: {environment: {BASE: ours}}

            """
        }

        private func writeImage(_ fixture: CommandLineFixture, _ definition: String) throws {
            try fixture.write(definition, to: "images/own/image.yaml")
            try fixture.write("hello\n", to: "images/own/hello")
            try fixture.write("data\n", to: "images/own/data/file")
        }

        private func put(_ base: LinuxBase, _ registry: TestRegistry, _ fixture: CommandLineFixture) async throws {
            try await fixture.tool(
                "skopeo", "--insecure-policy", "copy", "--all", "--preserve-digests", "--dest-tls-verify=false",
                "oci:\(base.layout.path):1", "docker://\(registry.host)/os/base:1")
        }

        /// The base in a registry, which a mirror's rule makes that of the definition, and the image on it, locked.
        private func building(_ body: (CommandLineFixture, TestRegistry, LinuxBase) async throws -> Void) async throws {
            try await CommandLineFixture.scoped { fixture in
                let base = try LinuxBase(writingTo: fixture.folder.appending(path: "base"))
                try writeImage(fixture, definition(base.index.digest))
                try await TestRegistry.run { registry in
                    try await put(base, registry, fixture)
                    var fixture = fixture
                    fixture.setting.environment["IMAGEBUILD_MIRRORS"] = "registry.example/=\(registry.host)/"
                    try await fixture.letFilesAge()
                    _ = try await fixture.succeed("lock", "own")
                    try await body(fixture, registry, base)
                }
            }
        }
    }
}

extension CommandLineFixture {
    /// The same surroundings with nothing in the store.
    fileprivate static func emptyStore(of fixture: CommandLineFixture) -> CommandLineFixture {
        var other = fixture
        other.store = fixture.folder.appending(path: "other-store")
        return other
    }
}
