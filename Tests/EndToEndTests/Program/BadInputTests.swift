import Foundation
import ImageDefinition
import TestSupport
import Testing

extension ProgramTests {
    /// What a person gets wrong, and what the program says to it.
    @Suite struct BadInputTests {
        @Test func `all errors of a definition come at once, each with its place`() async throws {
            try await CommandLineFixture.scoped { fixture in
                try fixture.write(
                    """
                    schema: 1
                    name: bad
                    platfroms: [linux/amd64]
                    debian:
                      suites: trixie
                      pakages: [alpha]
                    config:
                      ports: [99999]

                    """, to: "images/bad/image.yaml")
                for verb in ["build", "lock"] {
                    let ended = try await fixture.run(verb, "bad")
                    #expect(ended.status == 2)
                    #expect(ended.output == "")
                    for text in [
                        "images/bad/image.yaml:3:1: unknown key 'platfroms' (did you mean 'platforms'?)",
                        "images/bad/image.yaml:5:11: 'debian.suites' must be a list",
                        "images/bad/image.yaml:6:3: unknown key 'pakages' in 'debian' (did you mean 'packages'?)",
                        "images/bad/image.yaml:8:11: '99999' is not a port",
                    ] { #expect(ended.errors.contains(text), "\(ended.errors)") }
                }
                #expect(fixture.names(fixture.folder.appending(path: "images/bad")) == ["image.yaml"])
            }
        }

        @Test(arguments: [("biuld", "did you mean 'build'?"), ("frobnicate", "known: build, lock")])
        func `a command that is misspelt gets the one that it may be`(_ command: String, _ hint: String) async throws {
            try await CommandLineFixture.scoped { fixture in
                let ended = try await fixture.run(command, "tiny")
                #expect(ended.status == 64 && ended.errors.contains("Unknown command '\(command)'"), "\(ended.errors)")
                #expect(ended.errors.contains(hint), "\(ended.errors)")
            }
        }

        @Test func `a file that the definition names and that is not there is told`() async throws {
            try await CommandLineFixture.scoped { fixture in
                let tiny = try await TinyImage(fixture)
                try tiny.fillStore()
                for (file, told) in [("hello.txt", "/etc/hello"), ("scripts.yaml", "image.yaml")] {
                    let path = fixture.folder.appending(path: "images/tiny/\(file)")
                    let bytes = try Data(contentsOf: path)
                    try FileManager.default.removeItem(at: path)
                    let ended = try await fixture.run("build", "tiny", "--offline")
                    #expect(ended.status == 2)
                    #expect(ended.errors.contains(path.path), "\(ended.errors)")
                    #expect(ended.errors.contains(told), "\(ended.errors)")
                    try bytes.write(to: path)
                }
            }
        }

        @Test(arguments: [
            (["build", "nosuch"], "no image 'nosuch'", "known here: tiny"),
            (["build", "tiny", "--arch", "mips"], "unknown architecture 'mips'", "s390x, riscv64 or arm"),
            (["build", "tiny", "--arch", "arm64"], "tiny is not made for linux/arm64", "linux/amd64, linux/ppc64le"),
            (["build", "tiny", "--platform", "freebsd"], "'freebsd' is not a platform", "linux/ppc64le"),
            (["build", "tiny", "--output", "tarball:x"], "'tarball:x' is not an output", "docker-archive:PATH"),
            (["build", "tiny", "--all", "--offline", "--output", "docker-archive:x"], "one platform", "--arch"),
            (["build", "tiny", "--latest", "3"], "--latest: the image tiny has no bundled versions", "imagebuild"),
            (["lock", "nosuch"], "no image 'nosuch'", "known here: tiny"),
            (["build", "."], "no image '.'", "there is no image.yaml in /"),
            (
                ["inspect", "docker-archive:x.tar"], "no image 'docker-archive:x.tar'",
                "copy docker-archive:x.tar oci:DIR"
            ),
            (["inspect", "nosuch"], "no image 'nosuch'", "known here: tiny"),
            (["inspect", "tiny", "--file", "/../x"], "'/../x' leaves the root filesystem", "'..'"),
        ])
        func `what is asked for and is not to be had is refused`(
            _ arguments: [String], _ message: String, _ hint: String
        ) async throws {
            try await CommandLineFixture.scoped { fixture in
                let tiny = try await TinyImage(fixture)
                try tiny.fillStore()
                if arguments[0] == "inspect" { _ = try await fixture.succeed("build", "tiny", "--offline") }
                let ended = try await fixture.start(arguments, in: nil).ended()
                #expect(ended.status == 2, "\(ended.errors)")
                #expect(ended.output == "")
                #expect(ended.errors.contains(message), "\(ended.errors)")
                #expect(ended.errors.contains(hint), "\(ended.errors)")
            }
        }

        @Test func `a lock that is missing, damaged or of another definition is refused by --locked`() async throws {
            try await CommandLineFixture.scoped { fixture in
                let tiny = try await TinyImage(fixture)
                try tiny.fillStore()
                let lock = fixture.folder.appending(path: "images/tiny/image.lock.json")
                try fixture.write(
                    TinyImage.definition.replacingOccurrences(of: "alpha, beta", with: "alpha"),
                    to: "images/tiny/image.yaml")
                let stale = try await fixture.run("build", "tiny", "--locked")
                #expect(stale.status == 2)
                #expect(stale.errors.contains("answers another definition"), "\(stale.errors)")
                #expect(stale.errors.contains("hint: run 'imagebuild lock tiny'"), "\(stale.errors)")
                let check = try await fixture.run("lock", "tiny", "--check", "--offline")
                #expect(check.status == 1)
                #expect(check.errors.contains("the definition asks for something else"), "\(check.errors)")
                try Data("{".utf8).write(to: lock)
                let damaged = try await fixture.run("build", "tiny", "--locked")
                #expect(damaged.status == 2)
                #expect(damaged.errors.contains("image.lock.json: cannot read the lock"), "\(damaged.errors)")
                let anew = try await fixture.run("lock", "tiny")
                #expect(anew.status == 2)
                #expect(anew.errors.contains("cannot tell what was locked before"), "\(anew.errors)")
                #expect(anew.errors.contains("hint: restore the lock, or remove it"), "\(anew.errors)")
                #expect(try Data(contentsOf: lock) == Data("{".utf8))
                try FileManager.default.removeItem(at: lock)
                let missing = try await fixture.run("build", "tiny", "--locked")
                #expect(missing.status == 2)
                #expect(missing.errors.contains("has no lock yet"), "\(missing.errors)")
            }
        }

        @Test func `a path in a lock cannot lead out of the archive`() async throws {
            try await CommandLineFixture.scoped { fixture in
                let tiny = try await TinyImage(fixture)
                let lock = try fixture.text("images/tiny/image.lock.json")
                for path in ["../../etc/passwd", "/etc/passwd", "pool/%2e%2e/x", "http://host/x?y"] {
                    // JSON may write a slash as it is or escaped.
                    let name = tiny.packages[0].path
                    let bad = lock.replacingOccurrences(of: name, with: path)
                        .replacingOccurrences(of: name.replacingOccurrences(of: "/", with: "\\/"), with: path)
                    try #require(bad != lock)
                    try fixture.write(bad, to: "images/tiny/image.lock.json")
                    let ended = try await fixture.run("build", "tiny", "--locked")
                    #expect(ended.status == 2, "\(path)")
                    #expect(ended.errors.contains("is not inside the archive"), "\(ended.errors)")
                }
            }
        }

        @Test func `a wrong variable of the environment is refused`() async throws {
            try await CommandLineFixture.scoped { fixture in
                let tiny = try await TinyImage(fixture)
                try tiny.fillStore()
                for (name, value) in [("SOURCE_DATE_EPOCH", "yesterday"), ("SOURCE_DATE_EPOCH", "-1")] {
                    var setting = fixture.setting
                    setting.environment[name] = value
                    let ended = try await fixture.run("build", "tiny", "--offline", in: setting)
                    #expect(ended.status == 2)
                    #expect(ended.errors.contains(name), "\(ended.errors)")
                }
                var setting = fixture.setting
                setting.environment["IMAGEBUILD_DEBIAN_MIRROR"] = "ftp://host/debian"
                let ended = try await fixture.run("build", "tiny", in: setting)
                #expect(ended.status == 1 || ended.status == 2)
                #expect(ended.errors.contains("the Debian mirror is invalid"), "\(ended.errors)")
            }
        }
    }
}
