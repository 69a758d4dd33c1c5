import ImageAssembly
import ImageDefinition
import LayerArchive
import OCIModel
import Testing

@Suite struct `Merging packages` {
    @Test func `every path that two packages claim is reported with both`() throws {
        let packages = [
            try package("one", [("bin/tool", file("1")), ("etc/x", file("1")), ("etc/same", file("s"))]),
            try package("two", [("usr/bin/tool", file("2")), ("etc/x", directory()), ("etc/same", file("s"))]),
        ]
        let error = try refusal { try root(of: packages).build(packages) }
        #expect(error?.code == .conflict)
        #expect(
            error?.message == """
                cannot merge the packages into one root filesystem:
                  /etc/x: a file of one, a directory of two
                  /usr/bin/tool: a file of one, a file of two
                """)
    }

    @Test func `directories merge, with the mode that base-files gives them`() throws {
        let packages = [
            try package("aaa", [("var/tmp", directory()), ("var/tmp/a", file("a"))]),
            try package("base-files", [("var/tmp", directory(0o1777))]),
        ]
        #expect(try root(of: packages).build(packages).entry("var/tmp")?.mode == 0o1777)
    }

    @Test func `a package replaces the files of a package that it names without a version`() throws {
        let new = try package("new", control: "Replaces: other, old\n", [("usr/bin/tool", file("new"))])
        let old = try package("old", [("usr/bin/tool", file("old"))])
        #expect(try root(of: []).build([new, old]).text("usr/bin/tool") == "new")
        let versioned = try package("new", control: "Replaces: old (<< 0.9)\n", [("usr/bin/tool", file("new"))])
        #expect(try refusal { try root(of: []).build([versioned, old]) }?.code == .conflict)
    }

    @Test func `a hard link to a file that its package does not ship is refused`() throws {
        let one = try package("one", [("etc/x", try hardLink("etc/shadow"))])
        let other = try package("other", [("etc/shadow", file("secret"))])
        #expect(
            try refusal { try root(of: []).build([one, other]) }?.message.contains("/etc/x: a hard link of one") == true
        )
        #expect(try refusal { try root(of: []).build([one]) }?.code == .conflict)
    }

    @Test func `a file below another package's link is refused`() throws {
        let one = try package("one", [("var/run", symlink("/run"))])
        let two = try package("two", [("var/run/x", file(""))])
        let error = try refusal { try root(of: []).build([one, two]) }
        #expect(error?.code == .conflict)
        #expect(error?.message.contains("/var/run is a symbolic link") == true)
    }

    @Test func `missing parents belong to root and have the image's time`() throws {
        let packages = [try package("one", [("opt/a/b/c", file(""))])]
        let tree = try root(of: packages).build(packages)
        for path in ["opt", "opt/a", "opt/a/b", "var", "var/lib/dpkg/status.d"] {
            #expect(try tree.entry(path) == directory(modified: imageTime))
        }
        #expect(try tree.entry("opt/a/b/c")?.modified == packageTime)
    }

    @Test func `the order of the packages does not matter`() throws {
        let packages = try (0..<12).map { n in
            try package(
                "package\(n)", control: "Replaces: package\(n + 1)\n", scripts: ["postinst": "true"],
                [
                    ("etc", directory(0o700 + UInt16(n))), ("etc/\(n % 11)", file("\(n)")),
                    ("etc/link\(n)", symlink("\(n)")),
                ])
        }.filter { $0.locked.name != "package11" }
        let effects = Dictionary(
            uniqueKeysWithValues: try packages.map {
                (
                    $0.locked.name,
                    [
                        MaintainerScripts.Effect.file(
                            try EntryPath("etc/first"), content: $0.locked.name, mode: 0o644, user: "root",
                            group: "root")
                    ]
                )
            })
        let one = try root(of: packages, effects: effects).build(packages)
        for _ in 0..<10 {
            #expect(try root(of: packages, effects: effects).build(packages.shuffled()) == one)
        }
        #expect(try one.text("etc/first") == "package0")
    }

    @Test func `excluded paths are removed after the effects that need them`() throws {
        let packages = [
            try package(
                "one", scripts: ["postinst": "true"],
                [
                    ("usr/share/one/profile", file("p")), ("usr/bin/a", file("a")),
                    ("usr/bin/b", try hardLink("usr/bin/a")), ("usr/bin/c", try hardLink("usr/bin/a")),
                ])
        ]
        let copy = MaintainerScripts.Effect.copy(
            from: try EntryPath("usr/share/one/profile"), to: try EntryPath("etc/profile"), mode: nil)
        var root = root(of: packages, effects: ["one": [copy]])
        root.excludes = { ["/usr/share/one/profile", "/usr/bin/a"].contains($0.description) }
        let tree = try root.build(packages)
        #expect(try tree.text("etc/profile") == "p")
        #expect(try tree.entry("usr/share/one/profile") == nil)
        #expect(try tree.text("usr/bin/b") == "a")
        #expect(try tree.entry("usr/bin/c")?.kind == .hardLink(to: EntryPath("usr/bin/b")))
    }

    @Test func `an excluded directory stays unchanged if something below it does`() throws {
        let packages = [
            try package(
                "one",
                [
                    ("usr/share/doc", directory(0o750)), ("usr/share/doc/one/copyright", file("c")),
                    ("usr/share/doc/two", directory()), ("usr/share/doc/two/changelog", file("c")),
                ])
        ]
        var root = root(of: packages)
        root.excludes = { $0.description.hasPrefix("/usr/share/doc") && $0.name != Array("copyright".utf8) }
        let tree = try root.build(packages)
        #expect(try tree.text("usr/share/doc/one/copyright") == "c")
        #expect(try tree.entry("usr/share/doc") == directory(0o750))
        #expect(try tree.entry("usr/share/doc/two") == nil)
        root.excludes = { $0.description.hasPrefix("/usr/share/doc") }
        #expect(try root.build(packages).entry("usr/share/doc") == nil)
    }

    @Test func `a package that contradicts the lock is refused`() throws {
        var wrong = try package("one", [])
        wrong.locked.version = "2.0-1"
        #expect(
            try refusal { try root(of: []).build([wrong]) }?.message
                == "cannot install one: the lock says Version 2.0-1, but the package says 1.0-1")
        let hostile = try package("../../etc/passwd", [])
        #expect(try refusal { try root(of: []).build([hostile]) }?.code == .invalidInput)
        let one = try package("one", [])
        #expect(try refusal { try root(of: []).build([one, one]) }?.code == .conflict)
    }
}
