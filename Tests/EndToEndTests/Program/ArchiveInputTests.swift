import Foundation
import OCIModel
import TestSupport
import Testing

extension ProgramTests {
    /// What a release archive that is not what the definition says does to a build: nothing.
    @Suite struct ArchiveInputTests {
        private func definition(_ url: String, _ sum: String, member: String) -> String {
            """
            schema: 1
            name: released
            platforms: [linux/amd64, linux/arm64]
            files:
              - path: /usr/share/tool
                archive: {urls: ["\(url)"], sha256: \(sum)}
                member: \(member)

            """
        }

        /// Serves a folder that a shell fills, and builds an image with one entry of `files`.
        private func build(
            _ make: String, file: String, entry: String,
            _ check: (CommandLineFixture, Ended) async throws -> Void
        ) async throws {
            try await CommandLineFixture.scoped { fixture in
                try await fixture.tool("sh", "-c", "mkdir mirror && cd mirror && \(make)")
                let sum = Digest(of: try Data(contentsOf: fixture.folder.appending(path: "mirror/\(file)"))).hex
                try await Mirror.serving(fixture.folder.appending(path: "mirror"), fixture) { mirror in
                    let url = mirror.url.replacingOccurrences(of: "/debian", with: "/\(file)")
                    try fixture.write(
                        """
                        schema: 1
                        name: released
                        platforms: [linux/amd64]
                        files:
                          - {path: /opt/tool, archive: {urls: ["\(url)"], sha256: \(sum)}, \(entry)}

                        """, to: "images/released/image.yaml")
                    let ended = try await fixture.run("build", "released", "--all", in: mirror.setting(fixture))
                    if ended.status == 0 {
                        let image = fixture.layout("released").path + ":0"
                        try await fixture.tool("umoci", "raw", "unpack", "--rootless", "--image", image, "unpacked")
                    }
                    try await check(fixture, ended)
                }
            }
        }

        @Test(arguments: [
            ("tool", "printf '#!/bin/sh\\n' > tool", "tool"),
            ("tool.gz", "printf '#!/bin/sh\\n' | gzip > tool.gz", "tool"),
            ("tool.xz", "printf '#!/bin/sh\\n' | xz > tool.xz", "tool.xz"),
            (
                "t.tar.bz2", "mkdir p && printf '#!/bin/sh\\n' > p/tool && chmod 755 p/tool && tar cjf t.tar.bz2 p",
                "p/tool"
            ),
            (
                "t.tar.zst",
                "mkdir p && printf '#!/bin/sh\\n' > p/tool && chmod 755 p/tool && tar c p | zstd -q > t.tar.zst",
                "p/tool"
            ),
            (
                "t.tgz", "mkdir p && printf '#!/bin/sh\\n' > p/tool && chmod 755 p/tool && tar czf t.tgz p p/tool",
                "p/tool"
            ),
        ])
        func `a program is taken out of whatever a release is`(
            _ file: String, _ make: String, _ member: String
        ) async throws {
            try await build(make, file: file, entry: "member: \(member)") { (fixture, ended) async throws in
                #expect(ended.status == 0, "\(ended.errors)")
                #expect(try await fixture.tool("stat", "-c", "%a", "unpacked/opt/tool") == "755")
                #expect(try fixture.text("unpacked/opt/tool") == "#!/bin/sh\n")
            }
        }

        @Test(arguments: [("p", ""), (".", "/p")])
        func `a folder is taken with everything below it`(_ member: String, _ below: String) async throws {
            let make = """
                mkdir -p p/lib && printf x > p/lib/x && printf y > p/y && chmod 755 p/y && ln -s lib/x p/l && ln p/y p/z \
                && tar czf t.tgz p
                """
            try await build(make, file: "t.tgz", entry: "member: \(member), owner: \"7:8\"") {
                (fixture, ended) async throws in
                #expect(ended.status == 0, "\(ended.errors)")
                let root = "unpacked/opt/tool\(below)"
                #expect(try fixture.text("\(root)/l") == "x" && fixture.text("\(root)/z") == "y")
                let modes = try await fixture.tool(
                    "stat", "-c", "%a %h", root, "\(root)/lib/x", "\(root)/y")
                #expect(modes == "755 3\n644 1\n755 2")
                let origin = try await fixture.succeed("inspect", "released", "--file", "/opt/tool\(below)/y")
                #expect(origin.contains("t.tgz"), "\(origin)")
            }
        }

        @Test(arguments: [
            ("mkdir p && ln -s /etc p/l && tar czf t.tgz p", "t.tgz", "p", "/p/l is a symbolic link out of the folder"),
            ("mkdir p && ln -s ../x p/l && tar czf t.tgz p", "t.tgz", "p", "/p/l is a symbolic link out of the folder"),
            ("mkdir p && mkfifo p/f && tar czf t.tgz p", "t.tgz", "p", "/p/f is a device or a pipe"),
            ("printf '#!/bin/sh\\n' > tool", "tool", "p/tool", "tool has no member 'p/tool'"),
            ("tar cf t.tar -T /dev/null", "t.tar", "p", "the archive is empty"),
            ("printf nothing > t.tar", "t.tar", "x", "cannot open the archive http"),
        ])
        func `what no image can have of a release is refused by its name`(
            _ make: String, _ file: String, _ member: String, _ reason: String
        ) async throws {
            try await build(make, file: file, entry: "member: \(member)") { _, ended in
                #expect(ended.status != 0 && ended.errors.contains(reason), "\(ended.errors)")
                #expect(!ended.errors.contains("INTERNAL") && !ended.errors.contains("again"), "\(ended.errors)")
            }
        }

        @Test
        func `an archive without the wanted member, or with other bytes, stops the build and leaves all as it was`()
            async throws
        {
            try await CommandLineFixture.scoped { fixture in
                try fixture.write("hello\n", to: "tool-1/share/tool")
                try FileManager.default.createDirectory(
                    at: fixture.folder.appending(path: "mirror"), withIntermediateDirectories: true)
                try await fixture.tool("tar", "czf", "mirror/tool.tar.gz", "tool-1")
                let archive = fixture.folder.appending(path: "mirror/tool.tar.gz")
                let sum = Digest(of: try Data(contentsOf: archive)).hex
                try await Mirror.serving(fixture.folder.appending(path: "mirror"), fixture) { mirror in
                    let url = mirror.url.replacingOccurrences(of: "/debian", with: "/tool.tar.gz")
                    let setting = mirror.setting(fixture)
                    func build(_ sum: String, member: String) async throws -> Ended {
                        try fixture.write(definition(url, sum, member: member), to: "images/released/image.yaml")
                        return try await fixture.run("build", "released", "--all", in: setting)
                    }
                    let missing = try await build(sum, member: "tool-1/bin/tool")
                    #expect(missing.status == 2)
                    #expect(missing.output == "")
                    #expect(missing.errors.contains("tool.tar.gz has no member 'tool-1/bin/tool'"), "\(missing.errors)")
                    #expect(
                        missing.errors.contains("tool-1/share/tool"), "the hint says what it has: \(missing.errors)")
                    #expect(!FileManager.default.fileExists(atPath: fixture.layout("released").path))
                    let wrong = try await build(String(repeating: "0", count: 64), member: "tool-1/share/tool")
                    #expect(wrong.status != 0)
                    #expect(wrong.errors.contains("is not the released archive"), "\(wrong.errors)")
                    #expect(!FileManager.default.fileExists(atPath: fixture.layout("released").path))
                    let right = try await build(sum, member: "tool-1/share/tool")
                    #expect(right.status == 0, "\(right.errors)")
                    _ = try await fixture.succeed("store", "verify")
                    try await fixture.expectWhole("released")
                    // What is there already stays as it is.
                    let again = try await build(sum, member: "tool-1/bin/tool")
                    #expect(again.status == 2)
                    let tagged = try await fixture.succeed("inspect", "released")
                    #expect(tagged.contains(right.line), "\(tagged)")
                }
            }
        }
    }
}
