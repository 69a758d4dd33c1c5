import ImageDefinition
import OCIModel
import Testing

@Suite struct WindowsPlatformTests {
    private func platforms(_ list: String) throws -> [String] {
        try parsed(head.replacing("[linux/amd64]", with: list)).platforms.map(\.description)
    }

    @Test func `windows/amd64 alone stands for every supported release`() throws {
        #expect(
            try platforms("[linux/amd64, windows/amd64]") == [
                "linux/amd64", "windows/amd64:1809", "windows/amd64:ltsc2022", "windows/amd64:ltsc2025",
            ])
    }

    @Test(arguments: [
        ("windows/amd64:ltsc2022", "windows/amd64:ltsc2022", "ltsc2022"),
        ("windows/amd64:LTSC2025", "windows/amd64:ltsc2025", "ltsc2025"),
        ("windows/amd64:10.0.17763", "windows/amd64:10.0.17763", "1809"),
        ("windows/amd64:10.0.25398", "windows/amd64:10.0.25398", "10.0.25398"),
        ("windows/amd64:10.0.20348.2762", "windows/amd64:10.0.20348.2762", "10.0.20348.2762"),
    ])
    func `a release is chosen by name or version, and its base by the repository's tag`(
        _ text: String, _ shown: String, _ tag: String
    ) throws {
        let definition = try parsed(head.replacing("[linux/amd64]", with: "[\"\(text)\"]"))
        #expect(definition.platforms.map(\.description) == [shown])
        #expect(definition.platforms[0].windowsBaseTag == tag)
    }

    @Test func `an invalid Windows platform is refused at its position`() {
        func refuse(_ list: String, _ message: String, _ hint: String) {
            expectRefusal(head.replacing("[linux/amd64]", with: list), (message, hint))
        }
        refuse(
            "[▶windows/arm64]", "unknown platform 'windows/arm64'",
            "Windows images are for windows/amd64, for example windows/amd64:ltsc2022")
        let versions = "give a release (1809, ltsc2022, ltsc2025) or a version such as 10.0.20348"
        refuse("[▶\"windows/amd64:ltsc2016\"]", "unknown Windows version 'ltsc2016'", versions)
        refuse("[▶\"windows/amd64:\"]", "unknown Windows version ''", versions)
        refuse("[▶\"windows/amd64:10.0\"]", "unknown Windows version '10.0'", versions)
        refuse(
            "[\"windows/amd64:ltsc2022\", ▶windows/amd64]",
            "'platforms[1]' repeats an earlier entry: windows/amd64:ltsc2022", "remove it")
        refuse(
            "[\"windows/amd64:ltsc2022\", ▶\"windows/amd64:10.0.20348.1\"]",
            "'platforms[1]' has the same build as windows/amd64:ltsc2022: nodes could not tell them apart",
            "remove one of them")
    }

    @Test func `a platform may have a variant, which its tag has too`() throws {
        let text = head.replacing("[linux/amd64]", with: "[linux/amd64, linux/amd64/v3, linux/arm64/v8]")
        let platforms = try parsed(text).platforms
        #expect(platforms.map(\.description) == ["linux/amd64", "linux/amd64/v3", "linux/arm64"])
        #expect(platforms.map(\.tagSuffix) == ["-linux-amd64", "-linux-amd64-v3", "-linux-arm64"])
        expectRefusal(
            head.replacing("[linux/amd64]", with: "[▶linux/amd64/v8]"),
            ("unknown platform 'linux/amd64/v8'", "did you mean 'linux/amd64/v2'?"))
    }

    @Test(arguments: ["mcr.microsoft.com/windows/servercore", "localhost:5000/nanoserver", "oci:../base", "oci:base"])
    func `the user can choose the base's repository`(_ repository: String) throws {
        #expect(try parsed(windowsHead + "windows: {base: \"\(repository)\"}\n").windowsBase == repository)
        #expect(try parsed(head).windowsBase == "mcr.microsoft.com/windows/nanoserver")
    }

    @Test(arguments: ["mcr.microsoft.com/windows/nanoserver:ltsc2022", "nanoserver", "oci:", "oci:a:b", "a b/c"])
    func `a base with a tag, or without a registry, is refused`(_ repository: String) {
        expectRefusal(
            windowsHead + "windows: {base: ▶\"\(repository)\"}\n",
            ("'\(repository)' is not a repository", "a repository looks like mcr.microsoft.com/windows/nanoserver"))
    }

    @Test func `an entry may be for one operating system`() throws {
        let definition = try parsed(
            head + """
                files: [{source: a.bat, path: /a.bat, system: windows}, {source: a.sh, path: /a.sh, system: linux}]
                links: [{path: /l, target: a.sh, system: linux}]
                directories: [{path: /d}]

                """)
        #expect(definition.files.map(\.system) == ["windows", "linux"])
        #expect(definition.links.map(\.system) == ["linux"])
        #expect(definition.directories.map(\.system) == [nil])
        expectRefusal(
            head + "links: [{path: /l, target: a, system: ▶window}]\n",
            ("unknown system 'window'", "did you mean 'windows'?"))
    }

    @Test func `an archive, a text or a program may also be for one operating system`() throws {
        let text = head.replacing("[linux/amd64]", with: "[linux/amd64, \"windows/amd64:ltsc2022\"]")
        let definition = try parsed(
            text + """
                go-toolchain: {package: golang-1.24, suites: [trixie]}
                files:
                  - {path: /a.bat, text: x, system: windows}
                  - {path: /b, archive: {urls: ["https://a.example/${os}.zip"]}, member: b, system: linux}
                  - {path: /c, go: {folder: c}, system: windows}

                """)
        #expect(definition.inputFiles.map(\.system) == ["windows", "linux", "windows"])
        let (linux, windows) = (definition.platforms[0], definition.platforms[1])
        #expect(definition.archiveRequests(on: linux).map(\.urls) == [["https://a.example/linux.zip"]])
        #expect(definition.archiveRequests(on: windows).isEmpty)
        #expect(definition.inputFiles(on: linux).map(\.path.description) == ["/b"])
        #expect(definition.inputFiles(on: windows).map(\.path.description) == ["/a.bat", "/c"])
    }

    @Test func `the base's repository makes a lock stale`() throws {
        #expect(
            try parsed(windowsHead + "windows: {base: a/b}\n").requirementsDigest
                != parsed(windowsHead).requirementsDigest)
    }
}

@Suite struct WindowsLockTests {
    @Test func `a base for Linux needs a Linux platform`() {
        let error = #expect(throws: DefinitionErrors.self) {
            try parsed(windowsHead + "base: {image: r/a, digest: sha256:\(String(repeating: "0", count: 64))}\n")
        }
        #expect(error?.diagnostics.map(\.message) == ["'base' is for Linux platforms, but the image has none"])
    }

    @Test func `a Linux base is read back as it was locked, and has no version`() throws {
        var linux = lock { ($0.osVersion, $0.osFeatures) = (nil, nil) }
        linux.platforms = ["linux/amd64": linux.platforms.values.first ?? .init(base: [], bundle: [:])]
        #expect(try read(linux) == linux)
    }

    private static let layer = Descriptor(
        mediaType: MediaType(rawValue: "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"),
        digest: Digest(of: [1]), size: 100)

    private func lock(_ change: (inout Lock.BaseImage) -> Void = { _ in }) -> Lock {
        var base = Lock.BaseImage(
            reference: "mcr.microsoft.com/windows/nanoserver:ltsc2022",
            manifest: Descriptor(mediaType: .manifest, digest: Digest(of: [2]), size: 10),
            config: Descriptor(mediaType: .config, digest: Digest(of: [3]), size: 10), osVersion: "10.0.20348.2762",
            osFeatures: ["win32k"], layers: [Self.layer])
        base.layers[0].urls = ["https://mcr.microsoft.com/v2/x"]
        change(&base)
        return Lock(
            requirements: Digest(of: []), codec: "gzip/libdeflate-1.14/6/1MiB", releases: [],
            platforms: ["windows/amd64:ltsc2022": .init(base: [], bundle: [:], baseImage: base)])
    }

    private func read(_ lock: Lock) throws -> Lock { try Lock(parsing: lock.encoded(), file: "image.lock.json") }

    @Test func `a Windows base is read back as it was locked`() throws {
        #expect(try read(lock()) == lock())
    }

    @Test func `an invalid Windows base is refused`() {
        let changes: [(inout Lock.BaseImage) -> Void] = [
            { $0.osVersion = "10.0.20348" }, { $0.osVersion = "" }, { $0.layers = [] },
            { $0.layers = Array(repeating: Self.layer, count: 128) }, { $0.config.size = 0 },
            { $0.manifest.size = 1 << 40 }, { $0.layers[0].size = -1 }, { $0.layers[0].mediaType = .config },
            { $0.reference = "" }, { $0.reference = "a b" },
        ]
        for (place, change) in changes.enumerated() {
            let error = #expect(throws: DefinitionErrors.self, "\(place)") { try read(lock(change)) }
            #expect(error?.code == .invalidLock)
        }
    }
}
