import ImageDefinition
import OCIModel
import Testing

/// Definitions made of several files.
@Suite struct IncludeTests {
    private static let file = "images/demo/image.yaml"
    private static let head = "schema: 1\nname: demo\nplatforms: [linux/amd64]\n"

    private static func text(
        _ root: String, _ others: [String: String] = [:], variant: String? = nil
    ) throws -> DefinitionText {
        try DefinitionText(Array(root.utf8), file: file, variant: variant) { name throws(IncludeRefusal) in
            guard let text = others[name] else { throw IncludeRefusal("there is no such file") }
            return Array(text.utf8)
        }
    }

    private static func definition(
        _ root: String, _ others: [String: String] = [:], variant: String? = nil
    ) throws -> Definition {
        try text(root, others, variant: variant).definition
    }

    private static func refusal(
        _ root: String, _ others: [String: String] = [:], variant: String? = nil
    ) -> String? {
        #expect(throws: DefinitionErrors.self) { try Self.text(root, others, variant: variant) }?.description
    }

    @Test func `files are merged in order, and image yaml has the last word`() throws {
        let definition = try Self.definition(
            Self.head + "include: [../a.yaml, ../b/b.yaml]\nlabels: {three: image}\n",
            [
                "a.yaml": "labels: {one: a, two: a, three: a}\nrevision: 5\n",
                "b/b.yaml": "include: [c.yaml]\nlabels: {two: b}\n", "b/c.yaml": "labels: {two: c, four: c}\n",
            ])
        #expect(definition.labels == ["one": "a", "two": "b", "three": "image", "four": "c"])
        #expect(definition.revision == 5)
    }

    @Test func `entries with the same name are merged, and others are added behind them`() throws {
        let definition = try Self.definition(
            Self.head + """
                include: [a.yaml]
                debian:
                  packages: [dash, {name: libc6, suites: [sid]}]
                  exclude: [/b]
                files: [{path: /two, source: other}, {path: /three, source: three}]
                users: [{name: etcd, home: /var}]
                """,
            [
                "demo/a.yaml": """
                debian:
                  suites: [trixie]
                  maintainer-scripts: s.yaml
                  packages: [{name: libc6, dependencies: false}, tzdata]
                  exclude: [/a]
                files: [{path: /one, source: one}, {path: /two, source: two, mode: "0500"}]
                users: [{name: etcd, id: 7, group: etcd}]
                groups: [{name: etcd, id: 8}]
                """
            ])
        let debian = try #require(definition.debian)
        #expect(debian.packages.map(\.name) == ["libc6", "tzdata", "dash"])
        #expect(debian.packages.first?.suites == ["sid"])
        #expect(debian.packages.first?.withDependencies == false)
        #expect(debian.exclude == ["/a", "/b"])
        #expect(definition.files.map(\.source) == ["one", "other", "three"])
        #expect(definition.files.map(\.mode) == [nil, 0o500, nil])
        #expect(
            definition.users == [.init(name: "etcd", id: 7, group: "etcd", home: "/var", shell: "/usr/sbin/nologin")])
    }

    @Test func `a key with an exclamation mark replaces what is below, or removes it`() throws {
        let definition = try Self.definition(
            Self.head + """
                include: [a.yaml]
                config: {ports!: [4], environment: {A!: , B: c}}
                labels!: {two: b}
                compression!:
                """,
            [
                "demo/a.yaml": """
                config: {ports: [1, 2], environment: {A: a, B: b}}
                labels: {one: a}
                compression: zstd
                """
            ])
        #expect(definition.config.ports == ["4/tcp"])
        #expect(definition.config.environment == ["B=c"])
        #expect(definition.labels == ["two": "b"])
        #expect(definition.compression == .gzip)
    }

    @Test func `a file replaces what any file before it says`() throws {
        let files = ["demo/a.yaml": "labels: {b: a}\n", "demo/b.yaml": "labels!: {c: b}\n"]
        let root = Self.head + "labels: {a: image}\nvariants: {one: {include: [a.yaml, b.yaml]}}\n"
        #expect(try Self.definition(root, files).labels == ["c": "b"])
    }

    @Test(arguments: ["labels!: {a: b}\n", "config: {user!: a}\n", "variants: {a: {config: {user!: a}}}\n"])
    func `a replacement of nothing is refused`(text: String) {
        #expect(Self.refusal(Self.head + text)?.contains("replaces nothing") == true)
    }

    @Test func `every problem is at its place in its own file`() {
        let text = Self.refusal(
            Self.head + "include: [../a.yaml]\nlabls: {a: b}\n",
            ["a.yaml": "revision: x\nlabels:\n  one: [1]\nconfig: {user: 'a b'}\n"])
        let lines = (text ?? "").split(separator: "\n").map { $0.prefix { $0 != " " } }
        #expect(
            lines == [
                "images/demo/image.yaml:5:1:", "images/a.yaml:1:11:", "images/a.yaml:3:8:", "images/a.yaml:4:16:",
            ], "\(text ?? "")")
    }

    @Test(arguments: [
        ("a: [\n", "images/a.yaml:2:1:"), ("", "images/a.yaml: the file is empty"),
        ("schema: 2\n", "images/a.yaml:1:9: unknown schema 2"),
        ("a: b\na: c\n", "images/a.yaml:1:1: given more than once"),
    ])
    func `a file that cannot be read as YAML is named`(text: String, expected: String) {
        let refusal = Self.refusal(Self.head + "include: [../a.yaml]\n", ["a.yaml": text])
        #expect(refusal?.hasPrefix(expected) == true, "\(refusal ?? "")")
    }

    @Test func `circles, depth and number have limits`() {
        let circle = Self.refusal(
            Self.head + "include: [a.yaml]\n",
            ["demo/a.yaml": "include: [b.yaml]\n", "demo/b.yaml": "include: [a.yaml]\n"])
        #expect(circle?.contains("demo/b.yaml:1:11: the file 'images/demo/a.yaml' includes itself") == true)
        #expect(Self.refusal(Self.head + "include: [image.yaml]\n")?.contains("includes itself") == true)
        let chain = Dictionary(uniqueKeysWithValues: (1...9).map { ("demo/\($0).yaml", "include: [\($0 + 1).yaml]\n") })
        #expect(Self.refusal(Self.head + "include: [1.yaml]\n", chain)?.contains("more than 8 levels deep") == true)
        let wide = (1...5).map { level in
            let below = Array(repeating: "\(level + 1).yaml", count: 40).joined(separator: ", ")
            return ("demo/\(level).yaml", "include: [\(below)]\n")
        }
        let many = Self.refusal(
            Self.head + "include: [1.yaml]\n",
            Dictionary(uniqueKeysWithValues: wide + [("demo/6.yaml", "labels: {a: b}\n")]))
        #expect(many?.contains("more than 64 files are included") == true)
    }

    @Test(arguments: [
        "../../a.yaml", "/etc/passwd", "a/../../../b.yaml", "./a.yaml", "a//b.yaml", "..", "", "[x]", "none.yaml",
    ])
    func `a path that leads elsewhere or nowhere is refused where it is written`(path: String) {
        let refusal = Self.refusal(Self.head + "include:\n  - \(path.isEmpty ? "\"\"" : path)\n")
        #expect(refusal?.hasPrefix("images/demo/image.yaml:5:5: ") == true, "\(refusal ?? "")")
    }

    private static let varied =
        head + """
            revision: 1
            variants:
              one:
              two: {revision: 2, include: [two.yaml], platforms!: [linux/arm64]}
            """

    @Test func `the first variant is the default, and another lies on top of everything`() throws {
        let others = ["demo/two.yaml": "revision: 7\nlabels: {a: two}\n"]
        let one = try Self.text(Self.varied, others)
        #expect((one.variant, one.definition.revision, one.definition.labels) == (nil, 1, [:]))
        #expect(try Self.text(Self.varied, others, variant: "one").variant == nil)
        let two = try Self.text(Self.varied, others, variant: "two")
        #expect((two.variant, two.definition.revision, two.definition.labels) == ("two", 2, ["a": "two"]))
        #expect(two.definition.platforms.map(\.description) == ["linux/arm64"])
        #expect(two.files.count == 2)
    }

    @Test func `a variant that is not there is refused with those that are`() {
        #expect(
            Self.refusal(Self.varied, variant: "tow")
                == "--variant: the image has no variant 'tow' (did you mean 'two'?)")
        #expect(Self.refusal(Self.head, variant: "two")?.hasPrefix("--variant: the image has no variant 'two'") == true)
    }

    @Test(arguments: [
        ("variants: {}\n", "'variants' is empty"), ("variants: {A b: {}}\n", "is not a variant's name"),
        ("variants: [a]\n", "must be a mapping"), ("variants: {a: b}\n", "must be a mapping"),
        ("variants: {a: {variants: {b: {}}}}\n", "no variants of its own"),
        ("variants: {a: {include: [../../x]}}\n", "leaves the folder of the images"),
    ])
    func `bad variants are refused`(text: String, message: String) {
        let refusal = Self.refusal(Self.head + text)
        #expect(refusal?.contains(message) == true, "\(refusal ?? "")")
    }
}
