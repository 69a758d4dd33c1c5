import Foundation
import OCIModel
import TestSupport
import Testing

extension ProgramTests {
    /// Names of files and targets of links that are not text, and places whose names are not.
    @Suite struct NameByteTests {
        @Test func `names in a package keep their bytes, and are told apart`() async throws {
            try await CommandLineFixture.scoped { fixture in
                try await TinyImage(fixture).fillStore()
                _ = try await fixture.succeed("build", "tiny", "--offline")
                let image = fixture.layout("tiny").path + ":trixie-0"
                try await fixture.tool("umoci", "raw", "unpack", "--rootless", "--image", image, "unpacked")
                #expect(
                    try await fixture.tool(
                        "sh", "-c", "cd unpacked/usr/share/alpha && LC_ALL=C ls -bd c* && readlink link | od -An -c")
                        == "caf\\351\n   c   a   f 351  \\n")
                let found = try await fixture.succeed("inspect", "tiny", "--file", "/usr/share/alpha/link")
                #expect(found.contains(#"symbolic link to caf\xe9"#), "\(found)")
                #expect(found.contains("package alpha 1.0-1"), "\(found)")
            }
        }

        @Test func `names in a release archive keep their bytes`() async throws {
            try await CommandLineFixture.scoped { fixture in
                try await fixture.tool(
                    "sh", "-c",
                    #"n=$(printf 'caf\351') && mkdir -p mirror/p && cd mirror && : >"p/$n" && ln -s "$n" p/link && tar czf t.tgz p"#
                )
                let sum = Digest(of: try Data(contentsOf: fixture.folder.appending(path: "mirror/t.tgz"))).hex
                try await Mirror.serving(fixture.folder.appending(path: "mirror"), fixture) { mirror in
                    let url = mirror.url.replacingOccurrences(of: "/debian", with: "/t.tgz")
                    try fixture.write(
                        """
                        schema: 1
                        name: released
                        platforms: [linux/amd64]
                        files:
                          - {path: /opt, archive: {urls: ["\(url)"], sha256: \(sum)}, member: p}

                        """, to: "images/released/image.yaml")
                    _ = try await fixture.succeed("build", "released", "--all", in: mirror.setting(fixture))
                    let image = fixture.layout("released").path + ":0"
                    try await fixture.tool("umoci", "raw", "unpack", "--rootless", "--image", image, "unpacked")
                    #expect(
                        try await fixture.tool(
                            "sh", "-c", "cd unpacked/opt && LC_ALL=C ls -b && readlink link | od -An -c")
                            == "caf\\351\nlink\n   c   a   f 351  \\n")
                }
            }
        }

        @Test func `everything that is read and written may lie below a folder of such a name`() async throws {
            try await CommandLineFixture.scoped { fixture in
                try await TinyImage(fixture).fillStore()
                let script = #"""
                    set -e
                    there=$(printf 'caf\351')
                    mkdir "$there"; mv images keyring.gpg "$there"; cd "$there"
                    export IMAGEBUILD_STORE=../store IMAGEBUILD_DEBIAN_KEYRING=keyring.gpg
                    "$0" build images/tiny --offline --output oci:out --output docker-archive:archive.tar
                    "$0" copy oci:out oci:copy --all-tags
                    ls
                    cd ..; LC_ALL=C ls -bd c*
                    """#
                let ended = try await Program.run(["sh", "-c", script, Program.imagebuild], in: fixture.setting)
                #expect(ended.status == 0, "\(ended.errors)")
                #expect(
                    ended.output.hasSuffix("archive.tar\ncopy\nimages\nkeyring.gpg\nout\ncaf\\351\n"),
                    "\(ended.output)")
            }
        }

        @Test(arguments: [
            (#""$0" inspect "oci:$x""#, "the argument 'oci:caf"),
            (#"IMAGEBUILD_STORE=$x "$0" store gc"#, "IMAGEBUILD_STORE"),
        ])
        func `an argument or a variable of other bytes is refused`(_ command: String, _ what: String) async throws {
            try await CommandLineFixture.scoped { fixture in
                let script = #"x=$(printf 'caf\351'); "# + command
                let ended = try await Program.run(["sh", "-c", script, Program.imagebuild], in: fixture.setting)
                #expect(ended.status == 2)
                #expect(ended.errors.contains(what) && ended.errors.contains("is not UTF-8"), "\(ended.errors)")
            }
        }
    }
}
