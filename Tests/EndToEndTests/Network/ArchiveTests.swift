import Foundation
import TestSupport
import Testing

extension NetworkTests {
    /// The main job: etcd for all platforms from the real archive. Needs the network, and fails without it.
    @Suite struct ArchiveTests {
        @Test func `etcd is built for all platforms, and every document is what the specification asks for`()
            async throws
        {
            let built = try await ArchiveBuild.shared.built()
            let fixture = built.fixture
            #expect(built.digest.wholeMatch(of: /sha256:[0-9a-f]{64}/) != nil)
            for architecture in Architecture.allCases {
                #expect(built.errors.contains("linux/\(architecture): done"), "\(built.errors)")
            }
            try await fixture.expectWhole("etcd")
            let layout = fixture.layout("etcd")
            func document(_ digest: String) throws -> [String: Any] {
                let file = layout.appending(path: "blobs/sha256/\(digest.dropFirst(7))")
                return try #require(try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any])
            }
            let index = try document(built.digest)
            #expect(index["schemaVersion"] as? Int == 2)
            #expect(index["mediaType"] as? String == "application/vnd.oci.image.index.v1+json")
            let entries = try #require(index["manifests"] as? [[String: Any]])
            #expect(entries.count == 3)
            for entry in entries {
                let platform = try #require(entry["platform"] as? [String: String])
                let manifest = try document(try #require(entry["digest"] as? String))
                #expect(manifest["schemaVersion"] as? Int == 2)
                #expect(manifest["mediaType"] as? String == "application/vnd.oci.image.manifest.v1+json")
                let layers = try #require(manifest["layers"] as? [[String: Any]])
                let descriptor = try #require(manifest["config"] as? [String: Any])
                let config = try document(try #require(descriptor["digest"] as? String))
                #expect(config["architecture"] as? String == platform["architecture"])
                #expect(config["os"] as? String == "linux")
                let rootfs = try #require(config["rootfs"] as? [String: Any])
                #expect((rootfs["diff_ids"] as? [String])?.count == layers.count)
                let execution = try #require(config["config"] as? [String: Any])
                #expect((execution["ExposedPorts"] as? [String: Any])?.count == 4)
                #expect(execution["Entrypoint"] == nil)
            }
        }

        @Test func `nothing but the inputs decides the digest`() async throws {
            let built = try await ArchiveBuild.shared.built()
            // Another folder, an empty store that has the fetched packages alone, another time zone, locale and umask.
            try await CommandLineFixture.scoped { fixture in
                try ArchiveBuild.copyImages(to: fixture)
                try linkPackages(of: built.fixture, into: fixture)
                var setting = fixture.setting
                setting.umask = "077"
                setting.oneCore = true
                setting.environment["TZ"] = "America/St_Johns"
                setting.environment["LC_ALL"] = "de_DE.UTF-8"
                let digest = try await fixture.succeed("build", "etcd", "--all", "--offline", in: setting)
                #expect(digest == built.digest)
            }
            // The same store, warm, from a folder below, on all cores.
            var setting = built.fixture.setting
            setting.folder = built.fixture.folder.appending(path: "images/etcd")
            setting.umask = "002"
            let again = try await built.fixture.run(
                "build", "etcd", "--all", "--offline", "--output", "oci:\(built.fixture.folder.path)/again", in: setting
            )
            #expect(again.line == built.digest)
            #expect(again.errors.contains("nothing changed"), "\(again.errors)")
        }

        @Test func `the committed lock answers the definition, and says what is not proven without its indexes`()
            async throws
        {
            for image in ["etcd", "debian-base"] {
                try await CommandLineFixture.scoped { fixture in
                    try ArchiveBuild.copyImages(to: fixture)
                    let fresh = try await fixture.run(
                        "lock", image, "--check", "--offline", in: fixture.setting.cutOff())
                    #expect(fresh.status == 3, "\(fresh.errors)")
                    #expect(fresh.errors.contains("not proven"), "\(fresh.errors)")
                    #expect(!fresh.errors.contains("holds"), "\(fresh.errors)")
                    let definition = "images/\(image)/image.yaml"
                    let text = try fixture.text(definition)
                    try fixture.write(
                        text.replacingOccurrences(of: "    - libc6\n", with: "    - libc6\n    - less\n"),
                        to: definition)
                    guard try fixture.text(definition) != text else { return }
                    let stale = try await fixture.run("lock", image, "--check", "--offline")
                    #expect(stale.status == 1)
                    #expect(stale.errors.contains("the definition asks for something else"), "\(stale.errors)")
                }
            }
        }

        @Test func `a lock is made from the archive as it is now, and is fresh`() async throws {
            try await CommandLineFixture.scoped { fixture in
                try fixture.write(
                    """
                    schema: 1
                    name: roots
                    platforms: [linux/amd64]
                    debian:
                      suites: [trixie-updates, trixie]
                      maintainer-scripts: ../debian/maintainer-scripts.yaml
                      exclude: [/usr/sbin/update-passwd]
                      packages:
                        - {name: base-files, dependencies: false}
                        - {name: base-passwd, dependencies: false}
                        - {name: ca-certificates, dependencies: false}

                    """, to: "images/roots/image.yaml")
                let scripts = CommandLineFixture.repository.appending(path: "images/debian")
                try FileManager.default.copyItem(at: scripts, to: fixture.folder.appending(path: "images/debian"))
                let locked = try await fixture.run("lock", "roots")
                try #require(
                    locked.status == 0, "this test needs the network and the Debian archive on it:\n\(locked.errors)")
                #expect(try await fixture.succeed("lock", "roots", "--check") == locked.line)
                #expect(try await fixture.succeed("lock", "roots", "--check", "--offline") == locked.line)
                try FileManager.default.removeItem(at: fixture.store)
                #expect(try await fixture.succeed("lock", "roots", "--check") == locked.line, "it fetches the indexes")
                let lock = try fixture.text("images/roots/image.lock.json")
                #expect(!lock.contains("http"), "a lock names no mirror")
                let digest = try await fixture.succeed("build", "roots", "--locked")
                #expect(digest.hasPrefix("sha256:"))
                // One changed byte of the proof is noticed.
                let proof = "images/roots/lock/debian/dists/trixie/InRelease"
                try fixture.write(
                    try fixture.text(proof).replacingOccurrences(of: "Suite: ", with: "Suite:  "), to: proof)
                let broken = try await fixture.run("lock", "roots", "--check", "--offline")
                #expect(broken.status == 1)
                #expect(broken.errors.contains("InRelease"), "\(broken.errors)")
            }
        }

        @Test func `what the archive does not have is refused by name`() async throws {
            try await CommandLineFixture.scoped { fixture in
                try ArchiveBuild.copyImages(to: fixture)
                for (file, old, new) in [
                    ("image.yaml", "    - libc6\n", "    - libc6\n    - no-such-package\n"),
                    ("debian.yaml", "version: 3.4.23", "version: 3.4.99"),
                ] {
                    let text = try fixture.text("images/etcd/\(file)")
                    #expect(text.contains(old))
                    try fixture.write(text.replacingOccurrences(of: old, with: new), to: "images/etcd/\(file)")
                }
                let lock = try fixture.text("images/etcd/image.lock.json")
                let ended = try await fixture.run("lock", "etcd", "--platform", "linux")
                #expect(ended.status == 2, "\(ended.errors)")
                #expect(ended.output == "")
                #expect(ended.errors.contains("no-such-package"), "\(ended.errors)")
                #expect(ended.errors.contains("3.4.99"), "\(ended.errors)")
                #expect(ended.errors.contains("[amd64, arm64, ppc64el]"), "\(ended.errors)")
                #expect(try fixture.text("images/etcd/image.lock.json") == lock, "a failure leaves the lock as it was")
            }
        }

        /// Gives `fixture` the packages that another store has, and nothing made from them.
        private func linkPackages(of other: CommandLineFixture, into fixture: CommandLineFixture) throws {
            let lock = try fixture.text("images/etcd/image.lock.json")
            try FileManager.default.createDirectory(at: fixture.blobs, withIntermediateDirectories: true)
            for name in other.names(other.blobs) where lock.contains(name) {
                try FileManager.default.linkItem(
                    at: other.blobs.appending(path: name), to: fixture.blobs.appending(path: name))
            }
        }
    }
}
