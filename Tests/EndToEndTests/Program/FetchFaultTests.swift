import Foundation
import ImageDefinition
import TestSupport
import Testing

extension ProgramTests {
    /// Mirrors that fail, in every way but the signature's (those are tests of ImageInputs).
    @Suite struct FetchFaultTests {
        @Test func `packages come from the mirror that the environment names`() async throws {
            try await CommandLineFixture.scoped { fixture in
                let tiny = try await TinyImage(fixture)
                try await Mirror.serving(tiny.mirror, fixture) { mirror in
                    let digest = try await fixture.succeed("build", "tiny", "--all", in: mirror.setting(fixture))
                    #expect(digest.hasPrefix("sha256:"))
                    #expect(try await fixture.succeed("build", "tiny", "--all", "--offline") == digest)
                    #expect(fixture.temporaries == [])
                }
            }
        }

        @Test(arguments: [
            ("wrong", "the file has the digest sha256:"), ("truncate", "closed the connection too early"),
        ])
        func `spoilt bytes never become an image`(_ fault: String, _ reason: String) async throws {
            try await CommandLineFixture.scoped { fixture in
                let tiny = try await TinyImage(fixture)
                try fixture.write(fault, to: "mirror/debian/\(tiny.packages[0].path).fault")
                try await Mirror.serving(tiny.mirror, fixture) { mirror in
                    let ended = try await fixture.run("build", "tiny", in: mirror.setting(fixture))
                    #expect(ended.status == 1)
                    #expect(ended.output == "")
                    #expect(ended.errors.contains("cannot fetch alpha_1.0-1_all.deb"), "\(ended.errors)")
                    #expect(ended.errors.contains(reason), "\(ended.errors)")
                    #expect(ended.errors.contains("hint: "), "\(ended.errors)")
                    #expect(fixture.names(fixture.layout("tiny")) == [])
                    try FileManager.default.removeItem(
                        at: URL(fileURLWithPath: tiny.file("alpha").path + ".fault"))
                    _ = try await fixture.succeed("build", "tiny", in: mirror.setting(fixture))
                }
            }
        }

        @Test func `--locked refuses a lock from which the archive has moved on, and nothing is changed`() async throws
        {
            try await CommandLineFixture.scoped { fixture in
                let tiny = try await TinyImage(fixture)
                try await tiny.moveArchiveOn()
                let lock = try fixture.text("images/tiny/image.lock.json")
                try await Mirror.serving(tiny.mirror, fixture) { mirror in
                    let ended = try await fixture.run("build", "tiny", "--locked", in: mirror.setting(fixture))
                    #expect(ended.status == 2)
                    #expect(ended.errors.contains("the archive has moved on"), "\(ended.errors)")
                    #expect(ended.errors.contains("imagebuild lock tiny"), "\(ended.errors)")
                }
                #expect(try fixture.text("images/tiny/image.lock.json") == lock)
            }
        }

        @Test(arguments: [false, true])
        func `what the archive has moved on from is loudly resolved anew, and the lock stays`(
            isProven: Bool
        ) async throws {
            try await CommandLineFixture.scoped { fixture in
                let tiny = try await TinyImage(fixture)
                if isProven {
                    try tiny.fillStore()
                    try FileManager.default.removeItem(at: tiny.blob("beta"))
                }
                try await tiny.moveArchiveOn()
                let lock = try fixture.text("images/tiny/image.lock.json")
                try await Mirror.serving(tiny.mirror, fixture) { mirror in
                    let ended = try await fixture.run("build", "tiny", in: mirror.setting(fixture))
                    #expect(ended.status == 0, "\(ended.errors)")
                    #expect(ended.errors.contains("resolving every input anew"), "\(ended.errors)")
                    #expect(ended.errors.contains("beta 1.0-1 → 1.0-2"), "\(ended.errors)")
                    let gone = isProven ? "cannot fetch beta_1.0-1_all.deb" : "cannot fetch dists/trixie/main"
                    #expect(ended.errors.ranges(of: gone).count == 1, "\(ended.errors)")
                }
                #expect(try fixture.text("images/tiny/image.lock.json") == lock)
            }
        }

        /// A mirror that has its Release and index before the files that they list.
        @Test(arguments: ["debian/pool/main/beta_1.0-1_all.deb", "debian/dists/trixie/main/binary-amd64/Packages.xz"])
        func `a mirror that lags is no archive that has moved on`(_ file: String) async throws {
            try await CommandLineFixture.scoped { fixture in
                let tiny = try await TinyImage(fixture)
                let absent = tiny.mirror.appending(path: file)
                let away = fixture.folder.appending(path: "away")
                try FileManager.default.moveItem(at: absent, to: away)
                let lock = try fixture.text("images/tiny/image.lock.json")
                let subject = file.hasSuffix(".deb") ? absent.lastPathComponent : "dists/"
                try await Mirror.serving(tiny.mirror, fixture) { mirror in
                    let setting = mirror.setting(fixture)
                    for options in [[], ["--locked"]] {
                        let ended = try await fixture.start(["build", "tiny"] + options, in: setting).ended()
                        #expect(ended.status == 1)
                        #expect(ended.errors.contains("its mirror lags behind"), "\(ended.errors)")
                        #expect(ended.errors.contains("https://snapshot.debian.org/archive/debian/"), "\(ended.errors)")
                        #expect(ended.errors.ranges(of: "cannot fetch \(subject)").count == 1, "\(ended.errors)")
                        #expect(!ended.errors.contains("anew"), "\(ended.errors)")
                        #expect(fixture.names(fixture.layout("tiny")) == [])
                    }
                    #expect(try fixture.text("images/tiny/image.lock.json") == lock)
                    try FileManager.default.moveItem(at: away, to: absent)
                    _ = try await fixture.succeed("build", "tiny", "--locked", in: setting)
                }
            }
        }

        @Test func `a lock that cannot be fetched is not written where there was none`() async throws {
            try await CommandLineFixture.scoped { fixture in
                let tiny = try await TinyImage(fixture)
                try FileManager.default.removeItem(at: tiny.file("beta"))
                let lock = fixture.folder.appending(path: "images/tiny/image.lock.json")
                try FileManager.default.removeItem(at: lock)
                try await Mirror.serving(tiny.mirror, fixture) { mirror in
                    let ended = try await fixture.run("build", "tiny", in: mirror.setting(fixture))
                    #expect(ended.status == 1)
                    #expect(ended.errors.contains("its mirror lags behind"), "\(ended.errors)")
                    #expect(ended.errors.ranges(of: "cannot fetch beta").count == 1, "\(ended.errors)")
                }
                #expect(!FileManager.default.fileExists(atPath: lock.path))
            }
        }

        @Test func `without a network the message says so and what to do`() async throws {
            try await CommandLineFixture.scoped { fixture in
                let tiny = try await TinyImage(fixture)
                var setting = fixture.setting.cutOff()
                setting.environment["IMAGEBUILD_DEBIAN_MIRROR"] = "http://127.0.0.1:1/debian"
                let ended = try await fixture.run("build", "tiny", in: setting)
                #expect(ended.status == 1)
                #expect(ended.errors.contains("connection refused"), "\(ended.errors)")
                #expect(ended.errors.contains("hint: check the network"), "\(ended.errors)")
                #expect(fixture.temporaries == [])
                let unproven = try await fixture.run("build", "tiny", "--offline", in: setting)
                #expect(unproven.status == 1)
                #expect(
                    unproven.errors.contains("--offline forbids to fetch: the signed indexes that prove the lock"),
                    "\(unproven.errors)")
                try tiny.fillStore()
                for name in ["alpha", "beta"] { try FileManager.default.removeItem(at: tiny.blob(name)) }
                let offline = try await fixture.run("build", "tiny", "--offline", in: setting)
                #expect(offline.status == 1)
                #expect(offline.errors.contains("--offline forbids to fetch: alpha, beta"), "\(offline.errors)")
            }
        }

        @Test func `a silent server can be interrupted`() async throws {
            try await CommandLineFixture.scoped { fixture in
                let tiny = try await TinyImage(fixture)
                try fixture.write("silent", to: "mirror/debian/\(tiny.packages[0].path).fault")
                try await Mirror.serving(tiny.mirror, fixture) { mirror in
                    let program = try fixture.start("build", "tiny", in: mirror.setting(fixture))
                    try await until { fixture.temporaries.contains { $0.hasPrefix("download-") } }
                    // The server sleeps for good: whoever waited for it would not end before the test is given up.
                    program.signal(SIGINT)
                    let ended = try await program.ended()
                    #expect(ended.status == 130)
                    #expect(ended.errors.contains("interrupted"), "\(ended.errors)")
                    #expect(fixture.temporaries.allSatisfy { $0.hasPrefix("download-") })
                    #expect(fixture.names(fixture.layout("tiny")) == [])
                }
            }
        }

        @Test func `a server that falls silent is asked again`() async throws {
            try await CommandLineFixture.scoped { fixture in
                let tiny = try await TinyImage(fixture)
                try fixture.write("silent once", to: "mirror/debian/\(tiny.packages[0].path).fault")
                try await Mirror.serving(tiny.mirror, fixture) { mirror in
                    let digest = try await fixture.succeed("build", "tiny", in: mirror.setting(fixture))
                    #expect(digest.hasPrefix("sha256:"))
                }
            }
        }
    }
}
