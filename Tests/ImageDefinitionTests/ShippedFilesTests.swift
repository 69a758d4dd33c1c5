import ConfigurationFile
import FoundationEssentials
import OCIModel
import Testing

@testable import ImageDefinition

/// Tests of the files in `images/`: the definitions, and the schema by which editors check them.
@Suite struct ShippedFilesTests {
    static func read(_ path: String) throws -> [UInt8] {
        let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../images")
        return Array(try Data(contentsOf: root.appending(path: path)))
    }

    static func definition(_ image: String, variant: String? = nil) throws -> Definition {
        try DefinitionText(read("\(image)/image.yaml"), file: "images/\(image)/image.yaml", variant: variant) {
            name throws(IncludeRefusal) in
            do { return try read(name) } catch { throw IncludeRefusal("\(error)") }
        }.definition
    }

    /// Sections whose parts may be in several files, so that no single one has every required key.
    static let spread: Set<DefinitionSection> = [.debian, .bundle, .windows]

    /// The part of JSON Schema that is compared.
    struct Schema: Decodable {
        struct Property: Decodable {
            var description: String?
        }
        struct Definition: Decodable {
            var properties: [String: Property]?
            var required: [String]?
            var isClosed: Bool?

            enum CodingKeys: String, CodingKey {
                case properties, required
                case isClosed = "additionalProperties"
            }

            init(from decoder: any Decoder) throws {
                let container = try decoder.container(keyedBy: CodingKeys.self)
                properties = try container.decodeIfPresent([String: Property].self, forKey: .properties)
                required = try container.decodeIfPresent([String].self, forKey: .required)
                // If it is a schema, the keys are the user's own.
                isClosed = (try? container.decode(Bool.self, forKey: .isClosed)).map { !$0 }
            }
        }
        var definitions: [String: Definition]
        enum CodingKeys: String, CodingKey { case definitions = "$defs" }
    }

    @Test func `the schema and the parser know the same keys`() throws {
        let bytes = try Self.read("image.schema.json")
        let root = try CanonicalJSON.decode(Schema.Definition.self, from: bytes)
        let definitions = try CanonicalJSON.decode(Schema.self, from: bytes).definitions
        for section in DefinitionSection.allCases {
            let part = try #require(section == .image ? root : definitions[section.rawValue], "\(section)")
            #expect(Set((part.properties ?? [:]).keys) == Set(section.keys.all), "\(section)")
            let required = Self.spread.contains(section) ? [] : section.keys.required
            #expect(Set(part.required ?? []) == Set(required), "\(section)")
            #expect(part.isClosed == true, "\(section)")
            for (key, property) in part.properties ?? [:] {
                #expect(property.description?.hasSuffix(".") == true, "\(section).\(key) is not described")
            }
        }
        let closed = definitions.filter { $0.value.isClosed == true }.keys
        #expect(Set(closed).union(["image"]) == Set(DefinitionSection.allCases.map(\.rawValue)))
    }

    @Test func `etcd has two versions from Debian, for Linux from packages and for Windows compiled`() throws {
        let definition = try Self.definition("etcd")
        #expect(try definition == Self.definition("etcd", variant: "debian"))
        let bundle = try #require(definition.bundle)
        #expect(definition.platforms.prefix(3).map(\.description) == ["linux/amd64", "linux/arm64", "linux/ppc64le"])
        #expect(definition.platforms.compactMap(\.windowsBaseTag) == ["1809", "ltsc2022", "ltsc2025"])
        #expect(definition.tag == "3.5.16-0")
        #expect(bundle.versions.map(\.version) == ["3.4.23", "3.5.16"])
        #expect(bundle.versions.map { bundle.programs(of: $0).count } == [2, 3])
        #expect(bundle.directory.description == "/usr/local/bin")
        #expect(bundle.mode == 0o555)
        #expect(definition.config.ports == ["2379/tcp", "2380/tcp", "4001/tcp", "7001/tcp"])
        #expect(definition.config.entrypoint == nil)
        for file in definition.files { _ = try Self.read("etcd/" + file.source) }
        for version in bundle.versions {
            for platform in definition.platforms {
                let origin = bundle.origin(of: version, on: platform)
                if platform.os == "linux" { #expect(origin == .packages) }
                if case .go = origin { continue }
                #expect(platform.os == "linux", "\(platform) is compiled")
            }
        }
    }

    @Test func `the upstream variant takes released archives, and everything else is the same`() throws {
        let definition = try Self.definition("etcd", variant: "upstream")
        let etcd = try Self.definition("etcd")
        #expect(definition.tag == "3.7.1-0")
        #expect(definition.bundle?.versions.map(\.version) == ["3.4.45", "3.5.33", "3.6.14", "3.7.1"])
        for platform in definition.platforms {
            let requests = definition.archiveRequests(on: platform)
            let isLinux = platform.os == "linux"
            // Other sums are taken from the release's SHA256SUMS.
            let isFirst = platform.withoutVersion == "linux/amd64"
            let isKnown = isLinux && platform.architecture != "s390x"
            #expect(requests.map { $0.sha256 != nil } == [false, isKnown, isKnown, isFirst])
            let ending = isLinux ? "tar.gz" : "zip"
            #expect(requests.last?.fileName == "etcd-v3.7.1-\(platform.os)-\(platform.architecture).\(ending)")
        }
        #expect(definition.platforms.dropLast() == etcd.platforms[...])
        #expect(definition.platforms.last?.description == "linux/s390x")
        #expect(
            definition.debian?.packages == etcd.debian?.packages && definition.debian?.exclude == etcd.debian?.exclude)
        #expect(definition.inputFiles == etcd.inputFiles)
        #expect(definition.files == etcd.files)
        #expect(definition.config == etcd.config)
    }

    @Test func `the ports variant has one version from one suite, for Debian's other architectures`() throws {
        let definition = try Self.definition("etcd", variant: "ports")
        #expect(definition.platforms.map(\.description) == ["linux/s390x", "linux/riscv64", "linux/arm/v7"])
        #expect(definition.platforms.map(\.tagSuffix) == ["-linux-s390x", "-linux-riscv64", "-linux-arm-v7"])
        #expect(definition.bundle?.versions.map(\.version) == ["3.5.16"])
        #expect(definition.suites == ["trixie", "trixie-updates", "trixie-security"])
        #expect(try definition.files == Self.definition("etcd").files)
    }

    @Test func `debian-base is defined and runs a shell`() throws {
        let definition = try Self.definition("debian-base")
        #expect(definition.config.command == ["/bin/sh"])
        #expect(definition.bundle == nil)
        #expect(definition.tag == "trixie-0")
    }

    @Test(arguments: [("etcd", nil), ("etcd", "ports"), ("etcd-release", nil), ("debian-base", nil)])
    func `the committed lock answers the definition`(image: String, variant: String?) throws {
        let file = variant.map { "image.\($0).lock.json" } ?? "image.lock.json"
        let lock = try Lock(parsing: Self.read("\(image)/\(file)"), file: file)
        #expect(try lock.answers(Self.definition(image, variant: variant)))
    }

    @Test(arguments: ["etcd", "debian-base"]) func `manuals are left out and licences are kept`(image: String) throws {
        let definition = try Self.definition(image)
        let excluded = try #require(definition.debian?.excludedPaths)
        for path in [
            "/usr/share/man/man1/a.1.gz", "/usr/share/doc/dash/changelog.gz", "/usr/lib/a-linux-gnu/gconv/b.so",
        ] {
            #expect(excluded.matches(try EntryPath(path)))
        }
        for path in [
            "/usr/share/doc/dash/copyright", "/usr/share/doc/libgcc-s1", "/usr/bin/dash", "/usr/share/zoneinfo/UTC",
        ] {
            #expect(!excluded.matches(try EntryPath(path)))
        }
        #expect(definition.platformSpecificPaths.matches(try EntryPath("/usr/lib/ppc64le-linux-gnu/libc.so.6")))
        #expect(!definition.platformSpecificPaths.matches(try EntryPath("/usr/local/bin/etcd")))
    }

    @Test(arguments: [
        ("labls", "labels"), ("platfroms", "platforms"), ("ENVIRONMENT", "environment"), ("env", "environment"),
        ("maintainer_scripts", "maintainer-scripts"),
    ])
    func `a misspelt word suggests the one that was meant`(word: String, meant: String) {
        let known = DefinitionSection.allCases.flatMap(\.keys.all)
        #expect(Spelling.nearest(to: word, among: known) == meant)
    }

    @Test(arguments: ["", "x", "zzzzzzzz", String(repeating: "a", count: 100_000)])
    func `a word unlike any other suggests none`(word: String) {
        #expect(Spelling.nearest(to: word, among: ["labels", "platforms"]) == nil)
    }
}
