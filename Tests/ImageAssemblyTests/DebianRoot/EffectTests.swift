import ImageAssembly
import ImageDefinition
import LayerArchive
import OCIModel
import SystemPackage
import Testing

@Suite struct `Effects of maintainer scripts` {
    @Test func `a directory gets its owner from the image's accounts`() throws {
        let tree = try apply([.directory(EntryPath("var/mail"), mode: 0o2775, user: "root", group: "mail")])
        #expect(try tree.entry("var/mail") == FileEntry(.directory, mode: 0o2775, groupID: 8, modified: imageTime))
        let error = try refusal { try apply([.directory(EntryPath("x"), mode: 0o755, user: "nobody", group: "root")]) }
        #expect(error?.message == "cannot apply an effect of base's postinst: the image has no user 'nobody'")
        #expect(error?.hint == "correct the effect in maintainer-scripts.yaml")
    }

    @Test func `existing entries are left alone`() throws {
        let tree = try apply(
            [
                .directory(EntryPath("srv"), mode: 0o755, user: "root", group: "root"),
                .file(EntryPath("etc/a"), content: "new", mode: 0o600, user: "root", group: "root"),
                .copy(from: EntryPath("etc/passwd"), to: EntryPath("etc/a"), mode: nil),
            ], to: [("srv", directory(0o700)), ("etc/a", file("old"))])
        #expect(try tree.entry("srv") == directory(0o700))
        #expect(try tree.entry("etc/a") == file("old"))
    }

    @Test func `a file is written with its content, mode and owner`() throws {
        let tree = try apply([
            .file(EntryPath("var/log/wtmp"), content: "é\n", mode: 0o664, user: "mail", group: "utmp")
        ])
        #expect(
            try tree.entry("var/log/wtmp")
                == FileEntry(
                    .regular(.bytes([0xc3, 0xa9, 0x0a])), mode: 0o664, userID: 8, groupID: 43, modified: imageTime))
    }

    @Test func `a copy has the mode of its source, unless another is given, and the image's time`() throws {
        let effects: [MaintainerScripts.Effect] = [
            .copy(from: try EntryPath("bin/source"), to: try EntryPath("etc/one"), mode: nil),
            .copy(from: try EntryPath("usr/bin/other"), to: try EntryPath("etc/two"), mode: 0o600),
        ]
        let tree = try apply(
            effects, to: [("bin/source", file("s", mode: 0o755)), ("usr/bin/other", try hardLink("bin/source"))])
        let expected = FileEntry(.regular(.bytes(Array("s".utf8))), mode: 0o755, modified: imageTime)
        #expect(try tree.entry("etc/one") == expected)
        #expect(try tree.entry("etc/two")?.mode == 0o600)
        #expect(try refusal { try apply(effects) }?.message.contains("there is no file /bin/source") == true)
    }

    @Test func `a link replaces an empty directory, and nothing else`() throws {
        let link = MaintainerScripts.Effect.link(try EntryPath("var/run"), target: "/run")
        let tree = try apply([link, link], to: [("var/run", directory())])
        #expect(try tree.target("var/run") == "/run")
        for occupied in [[("var/run/x", file(""))], [("var/run", file(""))], [("var/run", symlink("/etc"))]] {
            #expect(try refusal { try apply([link], to: [("var/run", directory())] + occupied) }?.code == .conflict)
        }
    }

    @Test func `an effect below a link applies where the link leads`() throws {
        let tree = try apply([
            .directory(EntryPath("run/lock"), mode: 0o1777, user: "root", group: "root"),
            .link(EntryPath("var/lock"), target: "../run/lock"),
            .file(EntryPath("var/lock/x"), content: "x", mode: 0o644, user: "root", group: "root"),
            .file(EntryPath("bin/y"), content: "y", mode: 0o755, user: "root", group: "root"),
        ])
        #expect(try tree.text("run/lock/x") == "x")
        #expect(try tree.text("usr/bin/y") == "y")
        let loop = try refusal {
            try apply([.link(EntryPath("a"), target: "a"), .link(EntryPath("a/b"), target: "c")])
        }
        #expect(loop?.code == .invalidInput)
    }

    @Test func `an alternative consists of two links whose target must exist`() throws {
        let awk = MaintainerScripts.Effect.alternative(
            name: "awk", link: try EntryPath("usr/bin/awk"), target: try EntryPath("bin/mawk"))
        let tree = try apply([awk], to: [("usr/bin/mawk", file("mawk", mode: 0o755))])
        #expect(try tree.target("usr/bin/awk") == "/etc/alternatives/awk")
        #expect(try tree.target("etc/alternatives/awk") == "/bin/mawk")
        #expect(try refusal { try apply([awk]) }?.code == .invalidInput)
        let evil = MaintainerScripts.Effect.alternative(
            name: "../passwd", link: try EntryPath("usr/bin/x"), target: try EntryPath("etc/passwd"))
        #expect(try refusal { try apply([evil]) }?.code == .invalidInput)
    }

    @Test func `certificates are joined in byte order, each ending with a newline`() throws {
        let bundle = MaintainerScripts.Effect.certificates(
            from: try EntryPath("usr/share/ca"), bundle: try EntryPath("etc/ssl/ca.crt"))
        let tree = try apply(
            [bundle],
            to: [
                ("usr/share/ca/é.crt", file("4\n")), ("usr/share/ca/a/x.crt", file("3")),
                ("usr/share/ca/Z.crt", file("1\n")), ("usr/share/ca/a.crt", file("2")),
                ("usr/share/ca/readme", file("no")), ("usr/share/cab.crt", file("no")),
            ])
        #expect(
            try tree.entry("etc/ssl/ca.crt")
                == FileEntry(.regular(.bytes(Array("1\n2\n3\n4\n".utf8))), mode: 0o644, modified: imageTime))
        #expect(try refusal { try apply([bundle]) }?.message.contains("no *.crt file below /usr/share/ca") == true)
    }

    @Test func `contents on disk are read through the given reader, unless they are too large`() throws {
        func build(size: Int64) throws -> FileTree {
            let entry = FileEntry(.regular(.file("/store/x", size: size)), mode: 0o644, modified: 0)
            let packages = [try package("one", scripts: ["postinst": "x"], [("ca/a.crt", entry)])]
            let effect = MaintainerScripts.Effect.certificates(from: try EntryPath("ca"), bundle: try EntryPath("b"))
            var root = root(of: packages, effects: ["one": [effect]])
            root.contents = { $0 == .file("/store/x", size: size) ? Array("pem".utf8) : [] }
            return try root.build(packages)
        }
        #expect(try build(size: 3).text("b") == "pem\n")
        #expect(try refusal { try build(size: 1 << 20 + 1) }?.message.contains("more than 1 MiB") == true)
    }
}
