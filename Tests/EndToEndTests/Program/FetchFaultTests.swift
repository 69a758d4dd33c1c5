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

        @Test func `--locked refuses a lock whose file is gone, and nothing is changed`() async throws {
            try await CommandLineFixture.scoped { fixture in
                let tiny = try await TinyImage(fixture)
                try FileManager.default.removeItem(at: tiny.file("beta"))
                let lock = try fixture.text("images/tiny/image.lock.json")
                try await Mirror.serving(tiny.mirror, fixture) { mirror in
                    let ended = try await fixture.run("build", "tiny", "--locked", in: mirror.setting(fixture))
                    #expect(ended.status == 2)
                    #expect(ended.errors.contains("beta_1.0-1_all.deb"), "\(ended.errors)")
                    #expect(ended.errors.contains("404"), "\(ended.errors)")
                    #expect(ended.errors.contains("imagebuild lock"), "\(ended.errors)")
                }
                #expect(try fixture.text("images/tiny/image.lock.json") == lock)
            }
        }

        @Test func `a locked file that is gone is loudly resolved anew`() async throws {
            try await CommandLineFixture.scoped { fixture in
                let tiny = try await TinyImage(fixture)
                try FileManager.default.removeItem(at: tiny.file("beta"))
                let lock = try fixture.text("images/tiny/image.lock.json")
                try await Mirror.serving(tiny.mirror, fixture) { mirror in
                    let ended = try await fixture.run("build", "tiny", in: mirror.setting(fixture))
                    #expect(ended.errors.contains("warning: "), "\(ended.errors)")
                    #expect(ended.errors.contains("resolving every input anew"), "\(ended.errors)")
                    // This mirror has no Release: there is nothing to resolve from.
                    #expect(ended.errors.contains("the Release of trixie"), "\(ended.errors)")
                    #expect(ended.status == 1)
                }
                #expect(try fixture.text("images/tiny/image.lock.json") == lock)
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
