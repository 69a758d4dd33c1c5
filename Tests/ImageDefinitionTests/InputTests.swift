import ConfigurationFile
import ImageDefinition
import OCIModel
import Testing

/// Tests of archives, Go source and generated files in a definition.
@Suite struct InputTests {
    static let sum = String(repeating: "a", count: 64)
    static let mixed = """
        schema: 1
        name: demo
        platforms: [linux/amd64, linux/ppc64le]
        go-toolchain: {package: golang-1.24, suites: [trixie]}
        bundle:
          directory: /bin
          mode: "0555"
          programs:
            etcd:
              package: etcd-server
              file: /usr/bin/etcd
              member: etcd-v${version}-${os}-${arch}/etcd${exe}
              go: {"3.4": go.etcd.io/etcd, "3.5": go.etcd.io/etcd/server}
          archives:
            - {urls: ["https://a.example/v${version}/etcd-${os}-${arch}.tgz"], sums: "https://a.example/v${version}/SUMS"}
          go:
            platforms: [linux/ppc64le]
            source: golang-etcd-server-dev
            packages: [{name: golang-golang-x-sys-dev, suites: [sid]}]
          versions:
            - {version: 3.4.23, suites: [bookworm]}
            - version: 3.5.16
              sha256: {linux/amd64: \(sum)}
        files:
          - {path: /share/versions, text: "${versions}"}
          - {path: /bin/migrate, mode: "0555", go: {folder: ../etcd/migrate, package: ./cmd/migrate}}
          - {path: /share/readme, archive: {urls: [https://a.example/r.zip], sha256: \(sum)}, member: r/readme}

        """

    @Test func `each version comes from the origin that its platform has`() throws {
        let definition = try parsed(Self.mixed)
        let bundle = try #require(definition.bundle)
        let (amd64, ppc64le) = (definition.platforms[0], definition.platforms[1])
        #expect(bundle.origin(of: bundle.versions[0], on: amd64) == .packages)
        #expect(bundle.origin(of: bundle.versions[0], on: ppc64le) == bundle.go.map { .go($0) })
        let requests = definition.archiveRequests(on: amd64)
        #expect(
            requests.map(\.urls) == [["https://a.example/v3.5.16/etcd-linux-amd64.tgz"], ["https://a.example/r.zip"]])
        #expect(requests[0].sums == "https://a.example/v3.5.16/SUMS")
        #expect(requests.compactMap(\.sha256?.hex) == [Self.sum, Self.sum])
        #expect(definition.archiveRequests(on: ppc64le).count == 1)
        #expect(bundle.programs[0].goPackage(of: "3.4.23") == "go.etcd.io/etcd")
        #expect(bundle.programs[0].goPackage(of: "3.10.0") == "go.etcd.io/etcd/server")
        #expect(definition.needsLock)
    }

    @Test func `a file is a text, a member of an archive or a compiled program`() throws {
        let files = try parsed(Self.mixed).inputFiles
        #expect(files.map(\.path.description) == ["/share/versions", "/bin/migrate", "/share/readme"])
        #expect(files.map(\.mode) == [nil, 0o555, nil], "without a mode the file itself decides")
        #expect(files[0].kind == .text("${versions}"))
        #expect(files[1].kind == .go(.folder("../etcd/migrate"), package: "./cmd/migrate"))
    }

    @Test func `names of Windows programs end in .exe`() {
        let names = InputNames(version: "3.5.16", platform: Platform(os: "windows", architecture: "amd64"))
        #expect(names.expand("v${version}-${os}-${arch}/etcd${exe}") == "v3.5.16-windows-amd64/etcd.exe")
    }

    @Test(arguments: [
        ("https://a.example/v", "https://b.example/v"), ("/SUMS", "/SHA256SUMS"),
        ("aaaaa}\nfiles", "aaaab}\nfiles"), ("golang-1.24", "golang-1.23"),
        ("golang-etcd-server-dev", "golang-etcd-dev"),
        ("suites: [sid]", "suites: [trixie]"), ("[linux/ppc64le]\n    source", "[linux/amd64]\n    source"),
        ("https://a.example/r.zip", "https://a.example/s.zip"),
    ])
    func `a change of what archives and sources depend on makes the lock stale`(old: String, new: String) throws {
        let changed = Self.mixed.replacing(old, with: new)
        #expect(changed != Self.mixed)
        #expect(try parsed(changed).requirementsDigest != parsed(Self.mixed).requirementsDigest)
    }

    @Test(arguments: [
        ("member: r/readme", "member: r/other"), ("\"${versions}\"", "hello"), ("./cmd/migrate", "./cmd/x"),
    ])
    func `a change of what is only done with inputs leaves the lock fresh`(old: String, new: String) throws {
        let changed = Self.mixed.replacing(old, with: new)
        #expect(changed != Self.mixed)
        #expect(try parsed(changed).requirementsDigest == parsed(Self.mixed).requirementsDigest)
    }

    static let go = "go-toolchain: {package: golang-1.24, suites: [trixie]}\n"

    @Test(
        arguments: [
            ("files: [▶{path: /a}]\n", "'files[0]' does not state its content"),
            (
                "files: [▶{path: /a, text: x, source: y}]\n",
                "'files[0]' states its content in more than one way: text, source"
            ),
            ("files: [▶{path: /a, text: x, member: y}]\n", "'member' is only allowed with 'archive'"),
            (
                "files: [▶{path: /a, archive: {urls: [http://a/b]}}]\n",
                "'files[0]' has 'archive' but no 'member'"
            ),
            ("files: [▶{path: /a, go: {folder: src}}]\n", "no Go toolchain is given to compile 'files[0]'"),
            (go + "files: [{path: /a, go: ▶{}}]\n", "'files[0].go' names no source"),
            (
                go + "files: [{path: /a, go: ▶{folder: a, source: b-dev}}]\n",
                "'files[0].go' names several sources: source, folder"
            ),
            (
                go + "files: [{path: /a, go: {source: ▶b-dev}}]\n",
                "Debian's source-library packages are only for the bundle"
            ),
            (go + "files: [{path: /a, go: {folder: b, package: ▶../c}}]\n", "'../c' is not a Go package"),
            (go + "files: [{path: /a, go: {folder: b, package: ▶-o}}]\n", "'-o' is not a Go package"),
            ("files: [{path: /a, text: ▶\"${version}\"}]\n", "unknown placeholder '${version}'"),
            (
                "files: [{path: /a, archive: {urls: [▶ftp://a/b]}, member: c}]\n", "'ftp://a/b' is not an address"
            ),
            (
                "files: [{path: /a, archive: {urls: [http://a/b], sha256: ▶abc}, member: c}]\n",
                "'abc' is not a SHA-256"
            ),
            (
                "files: [{path: /a, archive: {urls: [http://a/b]}, member: ▶../c}]\n", "'../c' is not a member's name"
            ),
            ("go-toolchain: ▶{package: golang-1.24}\n", "'go-toolchain' needs 'package' and 'suites', or 'archive'"),
        ])
    func `invalid inputs are refused`(text: String, message: String) throws {
        let marked = Marked(head + text)
        let error = try #require(throws: DefinitionErrors.self) {
            try Definition(parsing: marked.bytes, file: "image.yaml")
        }
        #expect(error.diagnostics.map(\.message) == [message])
        #expect(error.diagnostics.compactMap(\.position) == marked.positions)
    }

    @Test(arguments: [
        (
            "suites: [bookworm]", "sha256: {}",
            "the program 'etcd' lacks 'member', which 3.4.23 for linux/amd64 needs"
        ),
        (
            "      package: etcd-server\n", "",
            "the program 'etcd' lacks 'package', which 3.4.23 for linux/amd64 needs"
        ),
        (
            "{\"3.4\": go.etcd.io/etcd, \"3.5\"", "{\"3.5\"",
            "the program 'etcd' lacks 'go', which 3.4.23 for linux/ppc64le needs"
        ),
    ])
    func `a program must exist in the origin of its version`(old: String, new: String, message: String) throws {
        var text = Self.mixed.replacing(old, with: new)
        if old.hasPrefix("suites") {
            text = text.replacing("      member: etcd-v${version}-${os}-${arch}/etcd${exe}\n", with: "")
        }
        let error = try #require(throws: DefinitionErrors.self) { try parsed(text) }
        #expect(error.diagnostics.contains { $0.message == message }, "\(error)")
    }

    @Test func `a version that no origin provides is refused`() throws {
        let text = RequirementsTests.small.replacing(", suites: [bookworm]", with: "")
        let error = try #require(throws: DefinitionErrors.self) { try parsed(text) }
        #expect(error.diagnostics.map(\.message) == ["nothing provides version 3.4.23 for linux/amd64"])
    }
}

/// Tests of the changes that the command line makes to a definition.
@Suite struct OverrideTests {
    private func overridden(_ versions: String?, latest: String? = nil, revision: Int? = nil) throws -> Definition {
        try parsed(InputTests.mixed).overridden(
            by: DefinitionOverrides(bundledVersions: versions, latest: latest, revision: revision))
    }

    @Test func `versions, the newest version and the revision can be changed`() throws {
        let definition = try overridden("3.4.23, 3.4.30 3.5.20", latest: "3.5.20", revision: 4)
        #expect(definition.tag == "3.5.20-4")
        let versions = try #require(definition.bundle?.versions)
        #expect(versions.map(\.version) == ["3.4.23", "3.4.30", "3.5.20"])
        #expect(versions.map(\.suites) == [["bookworm"], ["bookworm"], []])
        #expect(versions.allSatisfy { $0.sha256.isEmpty })
    }

    @Test func `a listed version keeps its sums, and an older one takes the settings of the oldest`() throws {
        let versions = try #require(try overridden("3.3.1 3.5.16").bundle?.versions)
        #expect(versions[0].suites == ["bookworm"])
        #expect(versions[1].sha256.count == 1)
    }

    @Test func `nothing changes without an override`() throws {
        #expect(try overridden(nil) == parsed(InputTests.mixed))
        #expect(try overridden(nil, latest: "3.5.16") == parsed(InputTests.mixed))
    }

    @Test(
        arguments: [
            (
                "3.5.16 3.4.23", nil,
                "--bundled-versions: the version 3.4.23 comes after 3.5.16 (list the versions in ascending order, each once)"
            ),
            (
                "3.5.16 3.5.16", nil,
                "--bundled-versions: the version 3.5.16 comes after 3.5.16 (list the versions in ascending order, each once)"
            ),
            ("latest", nil, "--bundled-versions: 'latest' is not a version (a version looks like 3.5.16)"),
            (" ,", nil, "--bundled-versions: no version is given"),
            (
                "3.4.23", "3.5.16",
                "--latest: '3.5.16' is not the newest bundled version, which is 3.4.23 (the tag begins with the newest version; change --bundled-versions, or omit this option)"
            ),
        ] as [(String, String?, String)])
    func `invalid versions are refused`(versions: String, latest: String?, text: String) throws {
        let error = try #require(throws: DefinitionErrors.self) { try overridden(versions, latest: latest) }
        #expect(error.description == text)
    }
}
