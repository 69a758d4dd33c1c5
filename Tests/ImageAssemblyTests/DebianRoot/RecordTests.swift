import ImageAssembly
import LayerArchive
import OCIModel
import Testing

@Suite struct `Package records for scanners` {
    let sum = String(repeating: "0a", count: 16)

    @Test func `the control fields are kept as they are, with one newline at the end`() throws {
        let control = "Source: bash (5.2.37-2)\nDescription: a shell\n It is long.\n .\n And ends.\n\n"
        let packages = [try package("bash", version: "5.2.37-2+b10", control: control, [])]
        let tree = try root(of: []).build(packages)
        #expect(
            try tree.text("var/lib/dpkg/status.d/bash") == """
                Package: bash
                Version: 5.2.37-2+b10
                Architecture: amd64
                Source: bash (5.2.37-2)
                Description: a shell
                 It is long.
                 .
                 And ends.

                """)
        #expect(try tree.entry("var/lib/dpkg/status.d/bash")?.modified == imageTime)
        #expect(try tree.entry("var/lib/dpkg/status.d/bash.md5sums") == nil)
    }

    @Test func `a newline is added to a last line without one`() throws {
        let tree = try root(of: []).build([package("one", control: "Section: libs", [])])
        #expect(try tree.text("var/lib/dpkg/status.d/one")?.hasSuffix("\nSection: libs\n") == true)
    }

    @Test(arguments: [
        "package: other\n", "\nPackage: second\n", "no field\n", ": empty\n", "Section: \u{0}\nSection: b\n",
    ])
    func `anything but a single stanza of unique fields is refused`(control: String) throws {
        #expect(try refusal { try root(of: []).build([package("one", control: control, [])]) }?.code == .invalidInput)
    }

    @Test func `checksums are kept from well-formed lines for files in the image, under their merged paths`() throws {
        let lines = [
            "\(sum)  bin/tool", "\(sum)  usr/share/doc/one", "\(sum) usr/bin/single", "zz", "\(sum)  ../escape",
            "\(sum.uppercased())  usr/bin/upper", "\(sum)  usr/bin/a b",
        ]
        let packages = [
            try package(
                "one", md5sums: lines.joined(separator: "\n"),
                [
                    ("bin/tool", file("")), ("usr/share/doc/one", file("")), ("usr/bin/single", file("")),
                    ("usr/bin/upper", file("")), ("usr/bin/a b", file("")),
                ])
        ]
        var root = root(of: [])
        root.excludes = { $0.description.hasPrefix("/usr/share/doc") }
        #expect(
            try root.build(packages).text("var/lib/dpkg/status.d/one.md5sums")
                == "\(sum)  usr/bin/tool\n\(sum)  usr/bin/a b\n")
    }

    @Test func `the checksum of a replaced file belongs to the package that replaced it`() throws {
        let old = try package("old", md5sums: "\(sum)  etc/x\n", [("etc/x", file("old"))])
        let new = try package("new", control: "Replaces: old\n", md5sums: "\(sum)  etc/x\n", [("etc/x", file("new"))])
        let tree = try root(of: []).build([old, new])
        #expect(try tree.text("var/lib/dpkg/status.d/old.md5sums") == "")
        #expect(try tree.text("var/lib/dpkg/status.d/new.md5sums") == "\(sum)  etc/x\n")
    }
}
