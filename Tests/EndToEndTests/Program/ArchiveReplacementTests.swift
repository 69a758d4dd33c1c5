import Foundation
import TestSupport
import Testing

extension ProgramTests {
    /// Archives in whose place another one is written: nothing in them is lost without a word.
    @Suite struct ArchiveReplacementTests {
        @Test func `an archive with other images, and a file that is none, is not replaced`() async throws {
            try await CommandLineFixture.scoped { fixture in
                _ = try await fixture.builtTinyImage()
                let image = "oci:.imagebuild/oci/tiny"
                _ = try await fixture.succeed("copy", image, "oci-archive:a.tar:v1")
                _ = try await fixture.succeed("copy", image, "docker-archive:d.tar:x:1", "--platform", "linux/amd64")
                try fixture.write("a note\n", to: "note.txt")
                let before = try ["a.tar", "d.tar", "note.txt"].map(fixture.data)
                for (arguments, lost) in [
                    ([image, "oci-archive:a.tar:v2"], "v1"), (["oci-archive:a.tar:v1", "oci-archive:a.tar:v2"], "v1"),
                    ([image, "docker-archive:d.tar:x:2", "--platform", "linux/amd64"], "x:1"),
                    ([image, "oci-archive:d.tar:v1"], "x:1"), ([image, "oci-archive:note.txt"], "archive of images"),
                ] {
                    for option in [[], ["--dry-run"]] {
                        let ended = try await fixture.start(["copy"] + arguments + option, in: nil).ended()
                        #expect(ended.status == 2 && ended.output == "", "\(arguments)")
                        let errors = ended.errors
                        #expect(errors.contains(lost) && errors.contains("would be lost"), "\(errors)")
                    }
                }
                for output in ["oci-archive:images/tiny/image.yaml", "docker-archive:note.txt"] {
                    let build = try await fixture.run("build", "tiny", "--offline", "--output", output)
                    #expect(build.status == 2 && build.errors.contains("would be lost"), "\(build.errors)")
                }
                #expect(try ["a.tar", "d.tar", "note.txt"].map(fixture.data) == before)
                _ = try await fixture.succeed("copy", image, "oci-archive:a.tar:v1")
                try fixture.write("", to: "empty.tar")
                _ = try await fixture.succeed("copy", image, "oci-archive:empty.tar:v1")
            }
        }

        @Test func `what an archive loses when it is written anew is said`() async throws {
            try await CommandLineFixture.scoped { fixture in
                _ = try await fixture.builtTinyImage()
                _ = try await fixture.succeed("copy", "oci:.imagebuild/oci/tiny", "oci-archive:a.tar")
                let ended = try await fixture.run(
                    "build", "tiny", "--offline", "--arch", "amd64", "--output", "oci-archive:a.tar")
                #expect(ended.status == 0)
                #expect(ended.errors.contains("no longer has trixie-0 for linux/ppc64le"), "\(ended.errors)")
                let again = try await fixture.run(
                    "build", "tiny", "--offline", "--arch", "amd64", "--output", "oci-archive:a.tar")
                #expect(again.status == 0 && !again.errors.contains("no longer"), "\(again.errors)")
            }
        }

        @Test func `copies at once into one archive lose nothing without a word`() async throws {
            try await CommandLineFixture.scoped { fixture in
                _ = try await fixture.builtTinyImage()
                let copies = try (1...4).map {
                    try fixture.start("copy", "oci:.imagebuild/oci/tiny", "oci-archive:race.tar:t\($0)")
                }
                var ended: [Ended] = []
                for copy in copies { ended.append(try await copy.ended()) }
                #expect(ended.count { $0.status == 0 } == 1)
                for one in ended where one.status != 0 {
                    #expect(
                        one.errors.contains("another process has written it") || one.errors.contains("would be lost"),
                        "\(one.errors)")
                }
            }
        }

        @Test func `names of archives that Docker and skopeo wrote are not lost`() async throws {
            try await CommandLineFixture.scoped { fixture in
                _ = try await fixture.builtTinyImage()
                let image = "oci:.imagebuild/oci/tiny"
                // Docker writes both lists.
                _ = try await fixture.succeed("copy", image, "oci-archive:both.tar:1")
                try await fixture.tool(
                    "sh", "-c",
                    #"mkdir u && tar xf both.tar -C u && echo '[{"Config":"c","RepoTags":["docker.io/my/app:1"],"Layers":[]}]'"#
                        + " > u/manifest.json && tar cf both.tar -C u .")
                let both = try await fixture.run("copy", image, "oci-archive:both.tar:1")
                #expect(both.status == 2 && both.errors.contains("my/app:1"), "\(both.errors)")
                try await fixture.tool(
                    "skopeo", "--insecure-policy", "copy", "--all", "\(image):trixie-0", "oci-archive:none.tar")
                let nameless = try await fixture.run("copy", image, "oci-archive:none.tar")
                #expect(nameless.status == 2 && nameless.errors.contains("without a name"), "\(nameless.errors)")
                try await fixture.tool("sh", "-c", "gzip -k none.tar")
                let packed = try await fixture.run("copy", image, "oci-archive:none.tar.gz")
                #expect(packed.status == 2 && packed.errors.contains("uncompressed archive"), "\(packed.errors)")
                let upper = try await fixture.run(
                    "copy", image, "docker-archive:x.tar:UP/x:1", "--platform", "linux/amd64")
                #expect(upper.status == 2 && upper.errors.contains("lower case"), "\(upper.errors)")
            }
        }
    }
}
