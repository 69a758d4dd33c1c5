import Foundation
import OCIModel
import TestSupport
import Testing

extension ProgramTests {
    /// `imagebuild push` to the embedded registry, and what other programs find there.
    @Suite struct PushTests {
        @Test func `every platform and the whole get their tags, and a second push changes nothing`() async throws {
            try await pushing { fixture, registry in
                let digest = try await fixture.succeed("push", "tiny", "\(registry)/k8s/tiny", "--offline")
                let built = try await fixture.succeed("build", "tiny", "--all", "--offline")
                #expect(digest == built)
                for tag in ["trixie-0", "trixie-0-linux-amd64", "trixie-0-linux-ppc64le"] {
                    let raw = try await fixture.tool(
                        "skopeo", "inspect", "--raw", "--tls-verify=false", "docker://\(registry)/k8s/tiny:\(tag)")
                    #expect(raw.contains(tag == "trixie-0" ? "image.index" : "image.manifest"))
                }
                try await fixture.tool(
                    "skopeo", "--insecure-policy", "copy", "--all", "--preserve-digests", "--src-tls-verify=false",
                    "docker://\(registry)/k8s/tiny:trixie-0", "oci:pulled:x")
                #expect(try await fixture.succeed("inspect", "oci:pulled:x").hasPrefix("x \(digest)"))
                let again = try await fixture.run("push", "tiny", "\(registry)/k8s/tiny", "--offline")
                #expect(again.status == 0 && again.line == digest)
                #expect(again.errors.contains("k8s/tiny:trixie-0: nothing changed"), "\(again.errors)")
            }
        }

        @Test func `what skopeo pushes is copied, and back, bytes unchanged`() async throws {
            try await pushing { fixture, registry in
                let digest = try await fixture.succeed("build", "tiny", "--all", "--offline")
                try await fixture.tool(
                    "skopeo", "--insecure-policy", "copy", "--all", "--preserve-digests", "--dest-tls-verify=false",
                    "oci:.imagebuild/oci/tiny:trixie-0", "docker://\(registry)/theirs:v1")
                #expect(try await fixture.succeed("copy", "\(registry)/theirs:v1", "oci:mine") == digest)
                #expect(
                    try await fixture.succeed("copy", "docker://\(registry)/theirs:v1", "\(registry)/mine") == digest)
                #expect(try await fixture.succeed("copy", "\(registry)/mine:v1", "oci-archive:a.tar") == digest)
                #expect(try await fixture.succeed("copy", "\(registry)/mine@\(digest)", "oci:byDigest:v1") == digest)
                let again = try await fixture.run("copy", "\(registry)/theirs:v1", "\(registry)/mine")
                #expect(again.errors.contains("nothing changed"), "\(again.errors)")
            }
        }

        @Test func `platforms that were pushed one by one become the index that a build of all writes`() async throws {
            try await pushing { fixture, registry in
                let image = "\(registry)/tiny"
                for platform in ["linux/amd64", "linux/ppc64le"] {
                    let ended = try await fixture.run("push", "tiny", image, "--platform", platform, "--offline")
                    #expect(ended.status == 0, "\(ended.errors)")
                }
                let missing = try await fixture.run("copy", "\(image):trixie-0", "oci:x")
                #expect(missing.status == 1, "one platform is not the whole")
                let whole = try await fixture.succeed("push", "tiny", image, "--manifest-only")
                #expect(try await fixture.succeed("build", "tiny", "--all", "--offline") == whole)
                #expect(try await fixture.succeed("copy", "\(image):trixie-0", "oci:x") == whole)
                let again = try await fixture.run("push", "tiny", image, "--manifest-only")
                #expect(again.line == whole && again.errors.contains("nothing changed"))
            }
        }

        @Test func `an index is not made over a platform that is missing, or another`() async throws {
            try await pushing { fixture, registry in
                let image = "\(registry)/tiny"
                _ = try await fixture.succeed("push", "tiny", image, "--platform", "linux/amd64", "--offline")
                let missing = try await fixture.run("push", "tiny", image, "--manifest-only")
                #expect(missing.status == 1 && missing.errors.contains("trixie-0-linux-ppc64le"), "\(missing.errors)")
                _ = try await fixture.succeed(
                    "copy", "\(image):trixie-0-linux-amd64", "\(image):trixie-0-linux-ppc64le")
                let wrong = try await fixture.run("push", "tiny", image, "--manifest-only")
                #expect(wrong.status == 2 && wrong.errors.contains("is an image for linux/amd64"), "\(wrong.errors)")
                #expect(try await fixture.run("copy", "\(image):trixie-0", "oci:x").status == 1, "nothing is tagged")
            }
        }

        @Test func `a dry run says what would be sent and which tags move, and changes nothing`() async throws {
            try await pushing { fixture, registry in
                let plan = try await fixture.succeed("push", "tiny", "\(registry)/tiny", "--offline", "--dry-run")
                #expect(plan.contains("to send: ") && plan.contains("tag trixie-0: new to sha256:"), "\(plan)")
                #expect(plan.contains("tag trixie-0-linux-ppc64le: new"))
                #expect(try await fixture.run("copy", "\(registry)/tiny:trixie-0", "oci:x").status == 1)
                let digest = try await fixture.succeed("push", "tiny", "\(registry)/tiny", "--offline")
                try fixture.write("other\n", to: "images/tiny/hello.txt")
                let layout = try fixture.text(".imagebuild/oci/tiny/index.json")
                let moved = try await fixture.succeed("push", "tiny", "\(registry)/tiny", "--offline", "--dry-run")
                #expect(moved.contains("tag trixie-0: moves from \(digest) to sha256:"), "\(moved)")
                #expect(moved.contains("there: ") && moved.contains("to send: "), "\(moved)")
                #expect(try fixture.text(".imagebuild/oci/tiny/index.json") == layout)
            }
        }

        @Test func `a tag that must not move stays, and nothing is sent`() async throws {
            try await pushing { fixture, registry in
                let image = "\(registry)/tiny"
                let digest = try await fixture.succeed("push", "tiny", image, "--offline", "--immutable")
                #expect(try await fixture.succeed("push", "tiny", image, "--offline", "--immutable") == digest)
                try fixture.write("other\n", to: "images/tiny/hello.txt")
                let refused = try await fixture.run("push", "tiny", image, "--offline", "--immutable")
                #expect(refused.status == 2)
                #expect(refused.errors.contains("trixie-0 is at \(digest)"), "\(refused.errors)")
                #expect(!refused.errors.contains(" sent"), "\(refused.errors)")
                #expect(try await fixture.succeed("copy", "\(image):trixie-0", "oci:x") == digest)
                #expect(try await fixture.succeed("push", "tiny", image, "--offline") != digest)
            }
        }

        @Test func `several repositories get all content before any gets a tag`() async throws {
            try await pushing { fixture, registry in
                let failed = try await fixture.run(
                    "push", "tiny", "\(registry)/one", "127.0.0.1:1/two", "--offline", "--format", "json")
                #expect(failed.status == 1 && failed.output == "")
                #expect(try await fixture.run("copy", "\(registry)/one:trixie-0", "oci:x").status == 1)
                let digest = try await fixture.succeed(
                    "push", "tiny", "\(registry)/one", "\(registry)/two:test", "--offline")
                #expect(try await fixture.succeed("copy", "\(registry)/one:trixie-0", "oci:one") == digest)
                #expect(try await fixture.succeed("copy", "\(registry)/two:test", "oci:two") == digest)
                #expect(try await fixture.run("copy", "\(registry)/two:trixie-0", "oci:x").status == 1)
                #expect(try await fixture.run("copy", "\(registry)/two:test-linux-amd64", "oci:x").status == 0)
            }
        }

        @Test func `latest is set only when that is said`() async throws {
            try await pushing { fixture, registry in
                let digest = try await fixture.succeed("push", "tiny", "\(registry)/tiny", "--offline")
                #expect(try await fixture.run("copy", "\(registry)/tiny", "oci:x").status == 1)
                #expect(
                    try await fixture.succeed("push", "tiny", "\(registry)/tiny", "--offline", "--tag-latest") == digest
                )
                #expect(try await fixture.succeed("copy", "\(registry)/tiny", "oci:y") == digest)
            }
        }

        @Test func `without a repository a registry in the store gets the image, and serves it again`() async throws {
            try await CommandLineFixture.scoped { fixture in
                try await TinyImage(fixture, payload: 20_000).fillStore()
                let pushed = try await fixture.run("push", "tiny", "--offline")
                #expect(pushed.status == 0, "\(pushed.errors)")
                #expect(pushed.errors.contains("no repository named"), "\(pushed.errors)")
                #expect(pushed.errors.contains("4 there already"), "the registry has the store's: \(pushed.errors)")
                let copied = try await fixture.run("push", "tiny", "--offline")
                #expect(copied.line == pushed.line && copied.errors.contains("nothing changed"), "\(copied.errors)")
            }
        }

        @Test func `an image that fails to build is not pushed`() async throws {
            try await pushing { fixture, registry in
                try fixture.write("", to: "images/tiny/scripts.yaml")
                let failed = try await fixture.run("push", "tiny", "\(registry)/tiny", "--offline")
                #expect(failed.status == 2 && failed.output == "")
                #expect(try await fixture.run("copy", "\(registry)/tiny:trixie-0", "oci:x").status == 1)
            }
        }

        @Test(arguments: [
            (["push", "tiny", "Not/A:Reference:"], 2, "is not an image reference"),
            (["push", "tiny", "localhost:1/x@sha256:" + String(repeating: "0", count: 64)], 2, "names a digest"),
            (["push", "tiny", "oci:folder"], 2, "is no repository of a registry"),
            (["push", "tiny", "localhost:1/x:" + String(repeating: "a", count: 120)], 2, "longer than 128"),
            (
                ["push", "tiny", "localhost:1/x", "localhost:2/x", "--username", "me", "--password-stdin"], 64,
                "several"
            ),
            (["push", "tiny", "--manifest-only"], 64, "needs a REPOSITORY"),
            (["push", "tiny", "localhost:1/x", "--tag-latest", "--arch", "amd64"], 64, "about the index"),
        ])
        func `what cannot be pushed is refused before anything is built`(
            _ arguments: [String], _ status: Int32, _ message: String
        ) async throws {
            try await CommandLineFixture.scoped { fixture in
                try await TinyImage(fixture, payload: 1000).fillStore()
                let ended = try await fixture.start(arguments, in: nil).ended()
                #expect(ended.status == status && ended.errors.contains(message), "\(ended.errors)")
                #expect(!ended.errors.contains("built"))
            }
        }

        private func pushing(_ body: (CommandLineFixture, String) async throws -> Void) async throws {
            try await CommandLineFixture.scoped { fixture in
                try await TinyImage(fixture, payload: 20_000).fillStore()
                try await fixture.serving { try await body(fixture, $0) }
            }
        }
    }
}
