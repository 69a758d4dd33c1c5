import DurableFiles
import Foundation
import OCIModel
import SystemPackage
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

extension ProgramTests {
    /// `imagebuild copy` between layouts and archives, and what other programs make of the result.
    @Suite struct CopyCommandTests {
        @Test func `an image goes round through every kind of place, and its digest stays`() async throws {
            try await CommandLineFixture.scoped { fixture in
                let digest = try await fixture.builtTinyImage()
                let places = [
                    "oci:.imagebuild/oci/tiny", "oci-archive:a.tar", "oci:second:other", "oci-archive:b.tar:third",
                ]
                for (from, to) in zip(places, places.dropFirst()) {
                    #expect(try await fixture.succeed("copy", from, to) == digest)
                }
                let copied = try await json(fixture, "copy", "oci-archive:b.tar", "oci:last:x", "--format", "json")
                #expect(copied["digest"] as? String == digest && copied["name"] as? String == "x")
                let shown = try await fixture.succeed("inspect", "oci:last:x")
                #expect(shown.hasPrefix("x \(digest)"))
                #expect(fixture.temporaries == [])
            }
        }

        @Test func `one platform is its manifest as it is, and Docker's archive of it is read again`() async throws {
            try await CommandLineFixture.scoped { fixture in
                _ = try await fixture.builtTinyImage()
                let one = try await fixture.succeed(
                    "copy", "oci:.imagebuild/oci/tiny", "oci:one", "--platform", "linux/ppc64le")
                let index = try await fixture.succeed("inspect", "tiny")
                #expect(index.contains("linux/ppc64le  \(one)"))
                let archived = try await fixture.succeed("copy", "oci:one", "docker-archive:one.tar:tiny")
                #expect(archived == one)
                let back = try await fixture.succeed("copy", "docker-archive:one.tar", "oci:back")
                #expect(try await fixture.succeed("copy", "docker-archive:one.tar:tiny:trixie-0", "oci:back") == back)
                let config = try await fixture.tool("skopeo", "inspect", "--config", "docker-archive:one.tar")
                #expect(config.contains("ppc64le"))
                try await fixture.tool(
                    "skopeo", "--insecure-policy", "copy", "docker-archive:one.tar", "docker-archive:theirs.tar:x/y:z")
                // The same layers, found anew in another program's archive.
                let theirs = try await fixture.succeed("copy", "docker-archive:theirs.tar", "oci:theirs")
                let text = try await fixture.succeed("inspect", "oci:theirs:z")
                #expect(text.contains(theirs) && text.contains("linux/ppc64le"))
            }
        }

        @Test func `skopeo's layouts and archives are copied with all platforms`() async throws {
            try await CommandLineFixture.scoped { fixture in
                let digest = try await fixture.builtTinyImage()
                for kind in ["oci:theirs", "oci-archive:theirs.tar"] {
                    try await fixture.tool(
                        "skopeo", "--insecure-policy", "copy", "--all", "--preserve-digests",
                        "oci:.imagebuild/oci/tiny:trixie-0", "\(kind):v1")
                    #expect(
                        try await fixture.succeed("copy", kind, "oci:mine:\(kind.hasSuffix("tar") ? "a" : "b")")
                            == digest)
                }
            }
        }

        @Test func `every tag is copied, a line for each`() async throws {
            try await CommandLineFixture.scoped { fixture in
                let digest = try await fixture.builtTinyImage()
                for tag in ["v1", "v2"] {
                    _ = try await fixture.succeed("copy", "oci:.imagebuild/oci/tiny", "oci:many:\(tag)")
                }
                let copied = try await fixture.succeed("copy", "oci:many", "oci-archive:many.tar", "--all-tags")
                #expect(copied == "v1 \(digest)\nv2 \(digest)")
                #expect(try await fixture.succeed("copy", "oci-archive:many.tar:v2", "oci:out") == digest)
            }
        }

        @Test func `a dry run says what would be sent and which tag moves, and changes nothing`() async throws {
            try await CommandLineFixture.scoped { fixture in
                let digest = try await fixture.builtTinyImage()
                let text = try await fixture.succeed("copy", "oci:.imagebuild/oci/tiny", "oci:new:v1", "--dry-run")
                #expect(text.contains(digest) && text.contains("to send: ") && text.contains("tag v1: new"), "\(text)")
                #expect(!FileManager.default.fileExists(atPath: fixture.folder.appending(path: "new").path))
                let one = try await fixture.succeed(
                    "copy", "oci:.imagebuild/oci/tiny", "oci:new:v1", "--platform", "linux/amd64")
                let moved = try await fixture.succeed("copy", "oci:.imagebuild/oci/tiny", "oci:new:v1", "--dry-run")
                #expect(moved.contains("tag v1: moves from \(one) to \(digest)"), "\(moved)")
                _ = try await fixture.succeed("copy", "oci:new:v1", "oci-archive:new.tar")
                let before = try fixture.data("new.tar")
                let whole = try await fixture.succeed(
                    "copy", "oci:.imagebuild/oci/tiny", "oci-archive:new.tar:v1", "--dry-run")
                #expect(whole.contains("to send: "), "\(whole)")
                #expect(try fixture.data("new.tar") == before)
            }
        }

        @Test func `a tag that a copy moves is said, and a digest names one of two images`() async throws {
            try await CommandLineFixture.scoped { fixture in
                let whole = try await fixture.builtTinyImage()
                _ = try await fixture.succeed("copy", "oci:.imagebuild/oci/tiny", "oci:new:v1")
                let one = try await fixture.run(
                    "copy", "oci:.imagebuild/oci/tiny", "oci:new:v1", "--platform", "linux/amd64")
                #expect(one.errors.contains("v1: \(one.line), was \(whole)"), "\(one.errors)")
                _ = try await fixture.succeed("copy", "oci:.imagebuild/oci/tiny", "oci:new:v2")
                #expect(try await fixture.succeed("copy", "oci:new@\(whole)", "oci:third:x") == whole)
                let under = try await fixture.run("copy", "oci:new:v1", "oci:third@\(whole)")
                #expect(under.status == 2 && under.errors.contains("is a digest"), "\(under.errors)")
                // Another program wrote one name twice.
                let index = try fixture.text("new/index.json").replacing("\"v2\"", with: "\"v1\"")
                try fixture.write(index, to: "new/index.json")
                let twice = try await fixture.run("copy", "oci:new:v1", "oci:fourth:x")
                #expect(twice.status == 1 && twice.errors.contains("several images named v1"), "\(twice.errors)")
                #expect(twice.errors.contains("@DIGEST: ") && twice.errors.contains(whole), "\(twice.errors)")
            }
        }

        @Test func `a copy that waits for a layout says so, and Ctrl-C ends it without a tag`() async throws {
            try await CommandLineFixture.scoped { fixture in
                _ = try await fixture.builtTinyImage()
                _ = try await fixture.succeed("copy", "oci:.imagebuild/oci/tiny", "oci:new:v1")
                let before = try fixture.data("new/index.json")
                let folder = FilePath(fixture.folder.appending(path: "new").path)
                let held = try FileSystem.open(folder, .readOnly, "cannot open \(folder)")
                defer { try? held.close() }
                #expect(FileSystem.tryLock(held, exclusive: true))
                let program = try fixture.start("copy", "oci:.imagebuild/oci/tiny", "oci:new:v2")
                try await until { program.errorsSoFar.contains("waiting to write to the layout") || program.hasEnded }
                program.signal(SIGINT)
                let ended = try await program.ended()
                #expect(ended.status == 130 && ended.output == "", "\(ended)")
                #expect(ended.errors.contains("interrupted; nothing was tagged"), "\(ended.errors)")
                #expect(try fixture.data("new/index.json") == before)
            }
        }

        @Test func `a blob that was cut in a registry is sent again, and never tagged`() async throws {
            try await CommandLineFixture.scoped { fixture in
                let digest = try await fixture.builtTinyImage()
                let (program, address) = try await fixture.serve("--root", "registry")
                let place = "\(address.replacing("http://", with: ""))/a/b"
                let image = "oci:.imagebuild/oci/tiny"
                _ = try await fixture.succeed("copy", image, "\(place):v1")
                func cut() throws {
                    let folder = fixture.folder.appending(path: "registry/blobs/sha256")
                    let sizes = try fixture.names(folder).map { name in
                        (name, try fixture.data("registry/blobs/sha256/\(name)").count)
                    }
                    let largest = try #require(sizes.max { $0.1 < $1.1 }?.0)
                    let file = try FileDescriptor.open(
                        FilePath(folder.appending(path: largest).path), .readWrite, permissions: [.ownerReadWrite])
                    try file.closeAfter { try file.resize(to: 100) }
                }
                try cut()
                let healed = try await fixture.run("copy", image, "\(place):v1", "--recheck")
                #expect(healed.status == 0 && healed.errors.contains("1 sent"), "\(healed.errors)")
                #expect(try await fixture.succeed("copy", "\(place):v1", "oci:whole") == digest)
                // Without it the registry notices when the manifest comes, and says what to do.
                try cut()
                let second = try await fixture.run("copy", image, "\(place):v2")
                #expect(second.status == 1 && second.errors.contains("--recheck"), "\(second.errors)")
                #expect(try await fixture.run("copy", "\(place):v2", "oci:none").status == 1)
                #expect(try await fixture.run("copy", image, "\(place):v2").status == 0)
                #expect(try await fixture.succeed("copy", "\(place):v2", "oci:again") == digest)
                program.signal(SIGTERM)
                _ = try await program.ended()
            }
        }

        @Test func `a name with control characters does not reach the terminal`() async throws {
            try await CommandLineFixture.scoped { fixture in
                _ = try await fixture.builtTinyImage()
                let index = try fixture.text(".imagebuild/oci/tiny/index.json").replacing(
                    "trixie-0", with: "v\\u001b[31m\u{9b}x")
                try fixture.write(index, to: ".imagebuild/oci/tiny/index.json")
                for format in ["text", "json"] {
                    let ended = try await fixture.run(
                        "copy", "oci:.imagebuild/oci/tiny", "oci:\(format)", "--all-tags", "--format", format)
                    #expect(ended.status == 0, "\(ended.errors)")
                    let text = ended.output + ended.errors
                    #expect(!text.unicodeScalars.contains { $0.value == 0x1b || $0.value == 0x9b }, "\(text)")
                }
            }
        }

        @Test func `a pipe that nobody uses is said, and a signal ends the wait for it`() async throws {
            try await CommandLineFixture.scoped { fixture in
                _ = try await fixture.builtTinyImage()
                try await fixture.tool("mkfifo", "in", "out")
                let reader = try fixture.start("copy", "oci-archive:in", "oci:x")
                try await until { reader.errorsSoFar.contains("waiting for") || reader.hasEnded }
                reader.signal(SIGTERM)
                #expect(try await reader.ended().status == 130)
                let writer = try fixture.start("copy", "oci:.imagebuild/oci/tiny", "oci-archive:out")
                try await until { writer.errorsSoFar.contains("waiting for somebody to read") || writer.hasEnded }
                writer.signal(SIGINT)
                let ended = try await writer.ended()
                #expect(ended.status == 130 && ended.errors.contains("nothing was tagged"), "\(ended.errors)")
            }
        }

        @Test func `an option that takes one value is not named twice, and has a value`() async throws {
            try await CommandLineFixture.scoped { fixture in
                for (arguments, message) in [
                    (["copy", "oci:a", "oci:b", "--platform", "linux/arm64", "--platform=windows"], "more than once"),
                    (["build", "tiny", "--revision", "1", "--revision", "2"], "more than once"),
                    (["build", "tiny", "--store", ""], "empty value"), (["store", "gc", "--store="], "empty value"),
                    (
                        ["build", "tiny", "--output", "oci-archive:./a.tar", "--output", "docker-archive:a.tar"],
                        "two outputs"
                    ),
                ] {
                    if message == "two outputs" { _ = try await fixture.builtTinyImage() }
                    let ended = try await fixture.start(arguments, in: nil).ended()
                    #expect([2, 64].contains(ended.status) && ended.errors.contains(message), "\(ended.errors)")
                }
                let twice = try await fixture.run("build", "tiny", "--offline", "--arch", "amd64", "--arch", "ppc64le")
                #expect(twice.status == 0, "\(twice.errors)")
            }
        }

        @Test func `a blob that a registry lost is sent again when it is looked at again`() async throws {
            try await CommandLineFixture.scoped { fixture in
                let digest = try await fixture.builtTinyImage()
                let (program, address) = try await fixture.serve("--root", "registry")
                let place = "\(address.replacing("http://", with: ""))/a/b:v1"
                let copy = ["copy", "oci:.imagebuild/oci/tiny", place]
                #expect(try await fixture.start(copy, in: nil).ended().status == 0)
                let blobs = "registry/repositories/a/b/_blobs/sha256"
                let lost = try #require(fixture.names(fixture.folder.appending(path: blobs)).first)
                for path in ["\(blobs)/\(lost)", "registry/blobs/sha256/\(lost)"] {
                    try FileManager.default.removeItem(at: fixture.folder.appending(path: path))
                }
                let again = try await fixture.start(copy, in: nil).ended()
                #expect(again.errors.contains("nothing changed"), "\(again.errors)")
                let dry = try await fixture.start(copy + ["--recheck", "--dry-run"], in: nil).ended()
                #expect(dry.output.contains("to send: 1 blob"), "\(dry.output)")
                let healed = try await fixture.start(copy + ["--recheck"], in: nil).ended()
                #expect(healed.status == 0 && healed.line == digest, "\(healed.errors)")
                #expect(healed.errors.contains("\(lost.prefix(12)): sent"), "\(healed.errors)")
                program.signal(SIGTERM)
                _ = try await program.ended()
            }
        }

        @Test(arguments: [
            (["nowhere:", "oci:x"], 2, "is not"), (["oci:", "oci:x"], 2, "it names no path"),
            (["oci:nowhere", "oci:x"], 1, "no OCI layout at"), (["oci-archive:no.tar", "oci:x"], 1, "no file"),
            (["oci:.imagebuild/oci/tiny:v9", "oci:x"], 1, "trixie-0"),
            (["oci:.imagebuild/oci/tiny", "oci:x:-bad"], 2, "'-bad' is not a tag"),
            (["oci:.imagebuild/oci/tiny", "docker-archive:x.tar"], 2, "one platform"),
            (["oci:.imagebuild/oci/tiny", "docker-archive:x.tar", "--referrers"], 2, "nothing that refers"),
            (["oci:.imagebuild/oci/tiny", "oci:x", "--platform", "linux/s390x"], 1, "linux/amd64, linux/ppc64le"),
            (["oci:.imagebuild/oci/tiny", "oci:x:v1", "--all-tags"], 2, "one is named"),
            (["oci:.imagebuild/oci/tiny", "oci:x", "--platform", "linux/amd64", "--all"], 64, "excludes"),
        ])
        func `what cannot be copied is refused, and nothing is written`(
            _ arguments: [String], _ status: Int32, _ message: String
        ) async throws {
            try await CommandLineFixture.scoped { fixture in
                _ = try await fixture.builtTinyImage()
                let ended = try await fixture.start(["copy"] + arguments, in: nil).ended()
                #expect(ended.status == status, "\(ended.errors)")
                #expect(ended.errors.contains(message), "\(ended.errors)")
                #expect(ended.output == "")
                #expect(!ended.errors.contains("sent"), "\(ended.errors)")
                #expect(fixture.names(fixture.folder).allSatisfy { !$0.hasPrefix("x") })
                #expect(fixture.temporaries == [])
            }
        }

        @Test func `docker-archives of several images are copied by name, and a name without a tag is latest`()
            async throws
        {
            try await CommandLineFixture.scoped { fixture in
                _ = try await fixture.builtTinyImage()
                for name in ["a:latest", "b:1"] {
                    try await fixture.tool(
                        "skopeo", "--insecure-policy", "copy", "oci:.imagebuild/oci/tiny:trixie-0",
                        "docker-archive:\(name.prefix(1)).tar:\(name)")
                }
                let whole = try await fixture.succeed("copy", "docker-archive:a.tar:docker.io/library/a", "oci:out:a")
                #expect(try await fixture.succeed("copy", "docker-archive:a.tar", "oci:out") == whole)
                let every = try await fixture.run("copy", "docker-archive:a.tar", "oci:all", "--all-tags")
                #expect(every.status == 2 && every.errors.contains("docker-archive:FILE:NAME:TAG"), "\(every.errors)")
            }
        }

        @Test func `a name that no registry can have is refused before anything is sent, with what to write`()
            async throws
        {
            try await CommandLineFixture.scoped { fixture in
                _ = try await fixture.builtTinyImage()
                try await fixture.tool(
                    "skopeo", "--insecure-policy", "copy", "--all", "oci:.imagebuild/oci/tiny:trixie-0",
                    "oci:full:docker.io/library/tiny:1")
                for option in ["--all", "--all-tags"] {
                    let ended = try await fixture.run("copy", "oci:full", "127.0.0.1:1/x", option)
                    #expect(ended.status == 2, "\(ended.errors)")
                    #expect(ended.errors.contains("'docker.io/library/tiny:1' in its source"), "\(ended.errors)")
                    #expect(ended.errors.contains("127.0.0.1:1/x:TAG"), "\(ended.errors)")
                }
            }
        }

        @Test func `what is no image is not written as a docker-archive`() async throws {
            try await CommandLineFixture.scoped { fixture in
                let empty = Array("{}".utf8)
                let type = "application/vnd.oci.empty.v1+json"
                let part = #"{"mediaType":"\#(type)","digest":"\#(Digest(of: empty))","size":2}"#
                let manifest =
                    #"{"schemaVersion":2,"mediaType":"\#(MediaType.manifest.rawValue)","artifactType":"a/b","#
                    + #""config":\#(part),"layers":[\#(part)]}"#
                let root = Digest(of: manifest.utf8)
                try fixture.write("{}", to: "odd/blobs/sha256/\(Digest(of: empty).hex)")
                try fixture.write(manifest, to: "odd/blobs/sha256/\(root.hex)")
                try fixture.write(#"{"imageLayoutVersion":"1.0.0"}"#, to: "odd/oci-layout")
                try fixture.write(
                    #"{"schemaVersion":2,"manifests":[{"mediaType":"\#(MediaType.manifest.rawValue)","#
                        + #""digest":"\#(root)","size":\#(manifest.utf8.count)}]}"#, to: "odd/index.json")
                let ended = try await fixture.run("copy", "oci:odd", "docker-archive:odd.tar:odd:1")
                #expect(ended.status == 2 && ended.errors.contains("holds an image, but this is '\(type)'"))
            }
        }

        private func json(_ fixture: CommandLineFixture, _ arguments: String...) async throws -> [String: Any] {
            let ended = try await fixture.start(arguments, in: nil).ended()
            try #require(ended.status == 0, "\(ended.errors)")
            return try #require(
                try JSONSerialization.jsonObject(with: Data(ended.output.utf8)) as? [String: Any])
        }
    }
}
