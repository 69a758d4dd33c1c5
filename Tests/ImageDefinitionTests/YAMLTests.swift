import ConfigurationFile
import ImageDefinition
import Testing

@Suite struct YAMLTests {
    @Test func `all problems are reported together, in order of position`() {
        expectRefusal(
            """
            schema: 1
            ▶nam: demo
            platforms: [▶linux/ppc64el, linux/amd64, ▶linux/amd64]
            directories:
              - {path: ▶a}
              - {path: /b, ▶mod: "0755"}
            """.replacing("schema", with: "▶schema"),
            ("the key 'name' is missing", nil), ("unknown key 'nam'", "did you mean 'name'?"),
            ("unknown platform 'linux/ppc64el'", "did you mean 'linux/ppc64le'?"),
            ("'platforms[2]' repeats an earlier entry: linux/amd64", "remove it"),
            ("the path 'a' is not absolute", "write it from the image's root: /usr/local/bin"),
            ("unknown key 'mod' in 'directories[1]'", "did you mean 'mode'?"))
    }

    @Test func `the text of an error names file, line, column and hint`() {
        let error = #expect(throws: DefinitionErrors.self) { try parsed(head + "labls: {}\nrevision: x\n") }
        #expect(
            error?.description
                == "image.yaml:4:1: unknown key 'labls' (did you mean 'labels'?)\n"
                + "image.yaml:5:11: 'revision' must be a number, not 'x'")
        #expect(error?.code == .invalidDefinition)
    }

    @Test func `a repeated key is refused`() {
        expectRefusal(
            head + "config:\n  ▶user: a\n  user: b\n",
            ("given more than once in one mapping: 'user'", "keep one of them"))
    }

    @Test func `tabs in the indentation are refused`() {
        expectRefusal(head + "config:\n▶\tuser: a\n", ("a tab in the indentation", "indent with spaces"))
    }

    @Test func `columns count characters, not bytes`() {
        expectRefusal(
            head + "labels: {a: é, b: ▶[]}\n", ("'labels.b' must be text, not a list", nil))
    }

    @Test func `a syntax error has its position`() {
        expectRefusal(
            head + "config: {user: a\nlabels▶: {}\n",
            ("not valid YAML: did not find expected ',' or '}' while parsing a flow mapping that began at line 4", nil))
    }

    @Test func `text that is not UTF-8 is refused at its position`() {
        let error = #expect(throws: DefinitionErrors.self) {
            try Definition(parsing: Array("schema: 1\nname: é".utf8) + [0xff, 0x0a], file: "f")
        }
        #expect(error?.description == "f:2:8: the file is not UTF-8 text (save it as UTF-8)")
    }

    @Test func `control characters are refused at their positions`() {
        expectRefusal("schema: ▶\u{1b}1\n", ("a control character (27)", "remove it"))
        expectRefusal("schema: ▶\u{0}1\n", ("a control character (0)", "remove it"))
    }

    @Test func `a tag is refused`() {
        expectRefusal(
            head + "revision: ▶▶!include x\n", ("the tag '!include' is not accepted", "remove it"),
            ("'revision' must be a number, not 'x'", nil))
    }

    @Test func `an unknown schema is refused before anything else is checked`() {
        expectRefusal(
            "schema: ▶2\nfuture: {}\n",
            ("unknown schema 2", "this version knows schema 1; a later one may know more"))
        expectRefusal(
            "schema: ▶\"1\"\nname: demo\nplatforms: [linux/amd64]\n", ("'schema' must be a number, not '1'", nil))
    }

    @Test(arguments: [
        "", "# nothing\n", "[a]\n", "text\n", "---\na: b\n---\nc: d\n", ":\n", "? [a]\n: b\n", "%YAML 9.9\n---\na: b\n",
    ])
    func `a file that is not a definition is refused`(text: String) {
        #expect(throws: DefinitionErrors.self) { try parsed(text) }
    }

    @Test func `a file that is too large is refused`() {
        let error = #expect(throws: DefinitionErrors.self) { try parsed(String(repeating: "#", count: 1 << 20) + "\n") }
        #expect(error?.description == "image.yaml: the file has 1048577 bytes, more than the 1048576 allowed")
    }

    @Test(arguments: ["[", "{a: ", "- ", "? "]) func `deep nesting is refused`(opening: String) {
        #expect(throws: DefinitionErrors.self) { try parsed(String(repeating: opening, count: 100_000)) }
    }

    @Test func `the number of problems shown is limited`() {
        let many = (0..<5000).map { "unknown\($0): 1\n" }.joined()
        let error = #expect(throws: DefinitionErrors.self) { try parsed(head + many) }
        #expect(error?.diagnostics.count == 101)
        #expect(error?.diagnostics.last?.message == "4900 more problems are not shown")
    }
}

/// Tests of aliases, by which a small file can become a large one.
@Suite struct AliasTests {
    static let refused = "an alias: anchors and aliases are not accepted"
    static let hint = "write the value out, or put a text that begins with '*' in quotes"

    @Test(arguments: [
        "a: ▶*x", "- ▶*x", "[▶*x]", "[b, ▶*x]", "{a: ▶*x }", "? ▶*x", "▶*x : y", "a:\n  ▶*x", "# \"c\n  ▶*x",
        "[\"a\n# \", ▶*x]", "a\u{85}▶*x : b", "a:   ▶*x-1_z",
    ])
    func `an alias is refused at every possible position`(text: String) {
        expectRefusal(text + "\n", (Self.refused, Self.hint))
    }

    @Test func `an anchor without an alias is refused`() {
        expectRefusal(
            head + "config: ▶&base {user: a}\n",
            ("an anchor: anchors and aliases are not accepted", "write the value out"))
    }

    @Test func `a bomb of aliases in a key is refused at no cost`() {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
        for level in 1..<40 {
            let uses = Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ", ")
            text += "a\(level): &a\(level) [\(uses)]\n"
        }
        let error = #expect(throws: DefinitionErrors.self) { try parsed(text + "? *a39\n: b\n") }
        #expect(error?.diagnostics.first?.message == Self.refused)
    }

    @Test(arguments: ["a*b", "/usr/**/*x", "see *this* one", "\"*\"", "a &b c", "'*x'"])
    func `an asterisk in a text is not an alias`(text: String) throws {
        #expect(try parsed(head + "labels: {a: \(text)}\n# - *note*, a comment\n").labels.count == 1)
    }
}
