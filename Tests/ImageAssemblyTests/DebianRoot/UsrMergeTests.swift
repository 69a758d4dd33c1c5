import ImageAssembly
import LayerArchive
import OCIModel
import Testing

@Suite struct `The merged /usr` {
    /// Packages of Debian 12: directories in the packages, files on both sides, links between the sides.
    func bookworm() throws -> [Fixture] {
        [
            try package(
                "base-files",
                [("bin", directory()), ("sbin", directory()), ("lib", directory()), ("usr/sbin", directory())]),
            try package(
                "coreutils",
                [
                    ("bin/cat", file("cat", mode: 0o755)), ("bin/touch", file("touch", mode: 0o755)),
                    ("usr/bin/touch", symlink("/bin/touch")), ("usr/bin/head", file("head", mode: 0o755)),
                    ("bin/copycat", try hardLink("bin/cat")),
                ]),
            try package(
                "libc6",
                [
                    ("lib64", directory()), ("lib64/ld-linux-x86-64.so.2", symlink("/lib/x86_64-linux-gnu/ld.so")),
                    ("lib/x86_64-linux-gnu/ld.so", file("ld", mode: 0o755)), ("sbin/ldconfig", file("ldconfig")),
                ]),
        ]
    }

    @Test func `Debian 12's directories become links, and all files are below /usr`() throws {
        let packages = try bookworm()
        let tree = try root(of: packages).build(packages)
        for name in ["bin", "sbin", "lib", "lib64"] { #expect(try tree.target(name) == "usr/\(name)") }
        #expect(try tree.text("usr/bin/cat") == "cat")
        #expect(try tree.text("usr/sbin/ldconfig") == "ldconfig")
        #expect(try tree.text("usr/lib/x86_64-linux-gnu/ld.so") == "ld")
        #expect(try tree.target("usr/lib64/ld-linux-x86-64.so.2") == "/lib/x86_64-linux-gnu/ld.so")
        #expect(
            !tree.entries.keys.contains {
                $0.bytes.starts(with: "bin/".utf8) || $0.bytes.starts(with: "lib".utf8) && $0.components.count > 1
            })
    }

    @Test func `a link from one side to a file on the other gives way to the file`() throws {
        let packages = try bookworm()
        #expect(try root(of: packages).build(packages).text("usr/bin/touch") == "touch")
    }

    @Test func `the target of a hard link moves with its file`() throws {
        let packages = try bookworm()
        #expect(
            try root(of: packages).build(packages).entry("usr/bin/copycat")?.kind
                == .hardLink(to: EntryPath("usr/bin/cat")))
    }

    @Test func `the links that base-files ships stay as they are, although they come last`() throws {
        let packages = [
            try package("zlib1g", [("lib/libz.so.1", file("z")), ("usr/lib/libx.so", file("x"))]),
            try package(
                "base-files",
                [("usr/bin", directory()), ("lib", symlink("usr/lib")), ("bin", symlink("usr/bin"))]),
        ]
        let tree = try root(of: packages).build(packages)
        #expect(try tree.entry("lib") == symlink("usr/lib"))
        #expect(try tree.entry("sbin")?.modified == imageTime)
        #expect(try tree.text("usr/lib/libz.so.1") == "z")
    }

    @Test func `there is no multilib link if the architecture has no such directory`() throws {
        let packages = [try package("base-files", [("lib64", directory()), ("usr/bin/x", file(""))])]
        let tree = try root(of: packages).build(packages)
        #expect(try tree.entry("lib64") == nil)
        #expect(try tree.entry("lib32") == nil)
        #expect(try tree.target("sbin") == "usr/sbin")
        #expect(try tree.entry("usr/sbin") == directory(modified: imageTime))
    }

    @Test func `a link of such a name to another place is refused`() throws {
        let packages = [try package("evil", [("lib64", symlink("etc"))])]
        let error = try refusal { try root(of: packages).build(packages) }
        #expect(error?.code == .conflict)
        #expect(error?.message.contains("/lib64: a symbolic link of evil") == true)
    }
}
