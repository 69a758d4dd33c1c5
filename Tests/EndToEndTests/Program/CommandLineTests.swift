import Foundation
import TestSupport
import Testing

extension ProgramTests {
    /// What users script against: streams, exit codes, formats, help, completions.
    @Suite struct CommandLineTests {
        @Test func `standard output is the digest alone, and progress goes to standard error`() async throws {
            try await CommandLineFixture.scoped { fixture in
                let tiny = try await TinyImage(fixture)
                try tiny.fillStore()
                try await fixture.letFilesAge()
                for note in ["built trixie-0", "nothing changed"] {
                    let ended = try await fixture.run("build", "tiny", "--all", "--offline")
                    #expect(ended.status == 0)
                    #expect(ended.output.wholeMatch(of: /sha256:[0-9a-f]{64}\n/) != nil, "\(ended.output)")
                    #expect(ended.errors.contains(note), "\(ended.errors)")
                    #expect(!ended.errors.utf8.contains(0x1b), "no terminal, no colours")
                }
                try await fixture.expectWhole("tiny")
            }
        }

        @Test(.enabled(if: geteuid() == 0, "root alone may mount over /proc"))
        func `a command is refused, and turns into no other, where no /proc is mounted`() async throws {
            try await CommandLineFixture.scoped { fixture in
                let hidden = "mount -t tmpfs none /proc && exec \"$0\" \"$@\""
                let command = ["unshare", "-m", "sh", "-c", hidden, Program.imagebuild, "inspect", "nothing"]
                let ended = try await Program.run(command, in: fixture.setting)
                #expect(ended.status == 1, "\(ended.output)")
                #expect(ended.output.isEmpty)
                #expect(ended.errors.contains("cannot run without /proc"), "\(ended.errors)")
                #expect(ended.errors.contains("hint: run: mount -t proc"), "\(ended.errors)")
            }
        }

        @Test func `a list of platforms in one option is refused with the form that is right`() async throws {
            try await CommandLineFixture.scoped { fixture in
                let asked = [("--platform", "linux/amd64", "linux/arm64"), ("--arch", "amd64", "arm64")]
                for (option, one, other) in asked {
                    let ended = try await fixture.run("build", "tiny", option, "\(one),\(other)")
                    #expect(ended.status == 64)
                    #expect(ended.errors.contains("\(option) \(one) \(option) \(other)"), "\(ended.errors)")
                }
            }
        }

        @Test func `JSON is JSON, and agrees with the text`() async throws {
            try await CommandLineFixture.scoped { fixture in
                let tiny = try await TinyImage(fixture)
                try tiny.fillStore()
                let digest = try await fixture.succeed("build", "tiny", "--all", "--offline")
                let built = try await json(fixture, "build", "tiny", "--all", "--offline", "--format", "json")
                #expect((built["index"] as? [String: Any])?["digest"] as? String == digest)
                #expect((built["platforms"] as? [Any])?.count == 2)
                let inspected = try await json(fixture, "inspect", "tiny", "--format", "json")
                #expect(inspected["digest"] as? String == digest)
                #expect(inspected["tag"] as? String == "trixie-0")
                #expect(try await json(fixture, "store", "verify", "--format", "json")["blobs"] as? Int ?? 0 > 5)
                #expect(try await json(fixture, "store", "gc", "--format", "json")["blobs"] as? Int == 0)
                let text = try await fixture.succeed("inspect", "tiny")
                #expect(text.hasPrefix("trixie-0 \(digest)\n"), "\(text)")
                let elsewhere = try await fixture.succeed("inspect", "oci:.imagebuild/oci/tiny:trixie-0")
                #expect(elsewhere == text)
            }
        }

        @Test func `inspect tells which input put a file there`() async throws {
            try await CommandLineFixture.scoped { fixture in
                let tiny = try await TinyImage(fixture)
                try tiny.fillStore()
                _ = try await fixture.succeed("build", "tiny", "--all", "--offline")
                let beta = try await fixture.succeed("inspect", "tiny", "--file", "/usr/share/beta/text")
                #expect(
                    beta.contains("from package beta 1.0-1 (all) of trixie, pool/main/beta_1.0-1_all.deb"), "\(beta)")
                #expect(beta.contains("linux/ppc64le: file, 0644, 13 bytes"), "\(beta)")
                let hello = try await fixture.succeed("inspect", "tiny", "--file", "/etc/hello")
                #expect(hello.contains("images/tiny/hello.txt"), "\(hello)")
                let nothing = try await fixture.run("inspect", "tiny", "--file", "/etc/nothing")
                #expect(nothing.status == 1)
                #expect(nothing.errors.contains("/etc/nothing"), "\(nothing.errors)")
            }
        }

        @Test(arguments: [[], ["build"], ["lock"], ["inspect"], ["store"], ["store", "gc"], ["store", "verify"]])
        func `the help of each verb has an example`(_ verb: [String]) async throws {
            try await CommandLineFixture.scoped { fixture in
                let ended = try await fixture.start(verb + ["--help"], in: nil).ended()
                #expect(ended.status == 0)
                #expect(ended.output.contains("EXAMPLE"), "\(ended.output)")
                let example = (["  imagebuild"] + (verb.isEmpty ? ["build"] : verb)).joined(separator: " ")
                #expect(ended.output.contains(example), "\(ended.output)")
                #expect(ended.errors == "")
            }
        }

        @Test(arguments: [
            ["bogus"], ["build"], ["build", "tiny", "--bogus"], ["build", "tiny", "--all", "--arch", "amd64"],
            ["build", "tiny", "--format", "xml"], ["build", "tiny", "--revision", "two"],
            ["lock", "tiny", "--offline"],
            ["store", "gc", "--unused-for", "-1"],
        ])
        func `wrong usage is exit code 64`(_ arguments: [String]) async throws {
            try await CommandLineFixture.scoped { fixture in
                let ended = try await fixture.start(arguments, in: nil).ended()
                #expect(ended.status == 64, "\(ended.errors)")
                #expect(ended.output == "")
                #expect(ended.errors.contains("Usage: "), "\(ended.errors)")
            }
        }

        @Test(arguments: ["bash", "zsh", "fish"])
        func `completions are made for each shell`(_ shell: String) async throws {
            try await CommandLineFixture.scoped { fixture in
                let script = try await fixture.succeed("--generate-completion-script", shell)
                for word in ["build", "lock", "inspect", "store"] { #expect(script.contains(word)) }
                guard shell == "bash" else { return }
                try fixture.write(script, to: "completion")
                try await fixture.tool("bash", "-n", "completion")
            }
        }

        @Test func `an image is found from a folder below, and by its path`() async throws {
            try await CommandLineFixture.scoped { fixture in
                let tiny = try await TinyImage(fixture)
                try tiny.fillStore()
                let digest = try await fixture.succeed("build", "tiny", "--offline")
                #expect(try await fixture.succeed("build", "images/tiny", "--offline") == digest)
                var setting = fixture.setting
                setting.folder = fixture.folder.appending(path: "images/tiny")
                #expect(try await fixture.succeed("build", "tiny", "--offline", in: setting) == digest)
                #expect(try await fixture.succeed("build", ".", "--offline", in: setting) == digest)
                #expect(fixture.names(fixture.folder.appending(path: "images/tiny")).contains(".imagebuild") == false)
            }
        }

        private func json(_ fixture: CommandLineFixture, _ arguments: String...) async throws -> [String: Any] {
            let ended = try await fixture.start(arguments, in: nil).ended()
            #expect(ended.status == 0, "\(ended.errors)")
            let value = try JSONSerialization.jsonObject(with: Data(ended.output.utf8))
            return try #require(value as? [String: Any])
        }
    }
}
