import OCIModel
import Testing

@Suite struct NodeSelectionTests {
    private typealias Entry = (entry: Descriptor, configured: Platform?)

    /// Returns an entry of the index, whose digest encodes its position.
    private func entry(_ place: Int, _ platform: Platform?, configured: Platform? = nil) -> Entry {
        let digest = Digest(of: [UInt8(place)])
        return (Descriptor(mediaType: .manifest, digest: digest, size: 1, platform: platform), configured)
    }

    private func index(_ platforms: [Platform?]) -> [Entry] {
        platforms.enumerated().map { entry($0.offset, $0.element) }
    }

    private func windows(_ versions: [String?], features: [String]? = nil) -> [Entry] {
        index(versions.map { Platform(os: "windows", architecture: "amd64", osVersion: $0, osFeatures: features) })
    }

    private func linux(_ names: [String]) -> [Entry] {
        index(
            names.map { name in
                let parts = name.split(separator: "/").map(String.init)
                return Platform(os: "linux", architecture: parts[0], variant: parts.count > 1 ? parts[1] : nil)
            })
    }

    /// Returns the position of the chosen entry.
    private func choice(_ engine: NodeSelection.Engine, _ node: String, _ entries: [Entry]) throws -> Int? {
        let selection = NodeSelection(engine, try Node(node), entries: entries)
        return selection.chosen.flatMap { chosen in entries.firstIndex { $0.entry.digest == chosen } }
    }

    @Test(
        arguments: [
            // Before Server 2022: exactly the host's build.
            ("10.0.17763", ["10.0.17763.6293", "10.0.20348.2762", "10.0.26100.2033"], 0),
            ("10.0.18363", ["10.0.17763.6293", "10.0.20348.2762"], nil),
            // From Server 2022 on: any build between the last stable release and the host.
            ("10.0.20348", ["10.0.17763.6293", "10.0.20348.2762", "10.0.26100.2033"], 1),
            ("10.0.22621", ["10.0.17763.6293", "10.0.20348.2762", "10.0.26100.2033"], 1),
            ("10.0.22621", ["10.0.22000.1", "10.0.20348.2762"], 0),
            ("10.0.25398", ["10.0.17763.6293", "10.0.26100.2033"], nil),
            // A host with Server 2025's build prefers it; a newer host accepts no older one.
            ("10.0.26100", ["10.0.17763.6293", "10.0.20348.2762", "10.0.26100.2033"], 2),
            ("10.0.26200", ["10.0.17763.6293", "10.0.20348.2762"], nil),
            ("10.0.26200", ["10.0.20348.2762", "10.0.26100.2033"], 1),
            // As text, in descending order: 999 comes before 2762.
            ("10.0.20348", ["10.0.20348.2762", "10.0.20348.999"], 1),
            ("6.3.9600", ["10.0.17763.1"], nil), ("10.0.20348", ["11.0.20348.1"], nil),
            ("10.0.20348", ["nonsense"], nil), ("10.0.20348", [], nil),
        ] as [(String, [String], Int?)])
    func `containerd on Windows chooses the build that its host runs`(
        _ host: String, _ versions: [String], _ place: Int?
    )
        throws
    {
        #expect(try choice(.containerd, "windows:\(host)", windows(versions)) == place)
    }

    @Test func `a Server 2025 host also accepts Server 2022 if there is nothing newer`() throws {
        #expect(try choice(.containerd, "windows:10.0.26100", windows(["10.0.20348.2762"])) == 0)
        #expect(try choice(.containerd, "windows:10.0.26101", windows(["10.0.20348.2762"])) == nil)
    }

    @Test(
        arguments: [("10.0.26200", 0), ("10.0.26100", 0), ("10.0.20348", 0), ("10.0.17763", nil)] as [(String, Int?)])
    func `a newer containerd runs every release since Server 2022 on later hosts`(_ host: String, _ place: Int?) throws
    {
        #expect(try choice(.containerdNewer, "windows:\(host)", windows(["10.0.20348.2762"])) == place)
        #expect(
            try choice(.containerdNewer, "windows:\(host)", windows(["10.0.26200.1"]))
                == (host == "10.0.26200" ? 0 : nil))
    }

    @Test func `both rules of containerd are shown where they can differ`() throws {
        #expect(NodeSelection.Engine.differing(on: try Node("windows:10.0.26200")).count == 3)
        #expect(NodeSelection.Engine.differing(on: try Node("linux/amd64")) == [.containerd, .docker])
    }

    @Test func `an entry without os.version matches every Windows host, but comes last`() throws {
        #expect(try choice(.containerd, "windows:10.0.17763", windows([nil])) == 0)
        #expect(try choice(.containerd, "windows:10.0.17763", windows([nil, "10.0.17763.1"])) == 1)
        #expect(try choice(.docker, "windows:10.0.17763", windows([nil])) == 0)
        let selection = NodeSelection(.containerd, try Node("windows:10.0.17763"), entries: windows([nil]))
        #expect(selection.warnings.first?.contains("no readable os.version") == true)
    }

    @Test func `win32k does not matter to either engine`() throws {
        for engine in NodeSelection.Engine.allCases {
            #expect(try choice(engine, "windows:10.0.20348", windows(["10.0.20348.1"], features: ["win32k"])) == 0)
        }
    }

    @Test(
        arguments: [
            // Of those not newer than the host, the first with the host's build, otherwise the first of the index.
            ("10.0.20348", ["10.0.17763.1", "10.0.20348.1", "10.0.20348.9"], 1), ("10.0.20348", ["10.0.26100.1"], nil),
            ("10.0.26100", ["10.0.17763.1", "10.0.20348.1"], 0), ("10.0.26200", ["10.0.20348.1", "10.0.26100.1"], 0),
            ("10.0.20348", ["10.0.203480.1", "10.0.20348.1"], 1),
        ] as [(String, [String], Int?)])
    func `Docker on Windows accepts builds that are not newer, its own first`(
        _ host: String, _ versions: [String], _ place: Int?
    ) throws {
        #expect(try choice(.docker, "windows:\(host)", windows(versions)) == place)
    }

    @Test func `a warning reports a choice that Docker can only isolate, or that text decides`() throws {
        let node = try Node("windows:10.0.26100")
        let isolated = NodeSelection(.docker, node, entries: windows(["10.0.17763.1", "10.0.20348.1"]))
        #expect(isolated.warnings.contains { $0.contains("Hyper-V") })
        let twice = NodeSelection(.containerd, node, entries: windows(["10.0.26100.999", "10.0.26100.2033"]))
        #expect(twice.warnings.contains { $0.contains("2 entries have build 26100") })
        #expect(twice.warnings.contains { $0.contains("choose 10.0.26100.2033 instead") })
        #expect(NodeSelection(.docker, node, entries: windows(["10.0.20348.1"])).warnings.isEmpty)
    }

    @Test(
        arguments: [
            ("linux/ppc64le", ["amd64", "ppc64le"], 1), ("linux/ppc64el", ["ppc64le"], 0),
            ("linux/ppc64le", ["ppc64le/power8"], nil),
            ("linux/ppc64le", ["ppc64le/power8", "ppc64le"], 1), ("linux/amd64", ["arm64", "amd64", "amd64"], 1),
            ("linux/x86_64", ["amd64/v1"], 0), ("linux/amd64", ["amd64/v2", "amd64"], 1),
            ("linux/amd64", ["amd64/v3"], nil),
            ("linux/amd64/v3", ["amd64", "amd64/v2", "amd64/v3"], 2), ("linux/amd64/v3", ["amd64", "amd64/v4"], 0),
            ("linux/amd64", ["386"], 0), ("linux/amd64", ["386", "amd64"], 1), ("linux/aarch64", ["arm64/v8"], 0),
            ("linux/arm64", ["arm/v5", "arm/v7"], 1), ("linux/arm64", ["arm/v7", "arm64"], 1),
            ("linux/arm/v7", ["arm64", "arm/v6"], 1),
            ("linux/arm", ["arm"], 0), ("linux/arm/v6", ["arm/v7", "arm/v5"], 1), ("linux/s390x", ["amd64"], nil),
            ("linux/ppc64le", [], nil),
        ] as [(String, [String], Int?)])
    func `on Linux both engines choose the nearest architecture and variant`(
        _ node: String, _ platforms: [String], _ place: Int?
    ) throws {
        for engine in NodeSelection.Engine.allCases { #expect(try choice(engine, node, linux(platforms)) == place) }
    }

    @Test func `operating systems do not mix, and no node chooses attestations`() throws {
        let entries = index([
            Platform(os: "unknown", architecture: "unknown"), Platform(os: "linux", architecture: "amd64"),
            Platform(os: "windows", architecture: "amd64", osVersion: "10.0.20348.1"),
        ])
        for engine in NodeSelection.Engine.allCases {
            #expect(try choice(engine, "linux/amd64", entries) == 1)
            #expect(try choice(engine, "windows:ltsc2022", entries) == 2)
            #expect(try choice(engine, "windows/arm64:ltsc2022", entries) == nil)
        }
        let selection = NodeSelection(.containerd, try Node("linux/amd64"), entries: entries)
        #expect(selection.candidates.map(\.refusal) == ["it is for unknown", nil, "it is for windows"])
    }

    @Test func `no node chooses Linux images that require features`() throws {
        let entries = index([Platform(os: "linux", architecture: "amd64", osFeatures: ["erofs"])])
        #expect(try choice(.containerd, "linux/amd64", entries) == nil)
    }

    @Test func `an entry without a platform is judged by its configuration`() throws {
        let amd64 = Platform(os: "linux", architecture: "amd64")
        #expect(try choice(.containerd, "linux/amd64", [entry(0, nil, configured: amd64)]) == 0)
        #expect(try choice(.containerd, "linux/arm64", [entry(0, nil, configured: amd64)]) == nil)
        #expect(try choice(.containerd, "linux/amd64", [entry(0, nil)]) == nil)
    }

    @Test(arguments: [
        ("windows:10.0.20348", "windows/amd64:10.0.20348"), ("windows/amd64:LTSC2025", "windows/amd64:10.0.26100"),
        ("windows:1809", "windows/amd64:10.0.17763"), ("windows:10.0.20348.2762", "windows/amd64:10.0.20348.2762"),
        ("linux/x86-64", "linux/amd64"), ("linux/armhf", "linux/arm/v7"), ("linux/arm64/v8", "linux/arm64"),
    ])
    func `nodes can be written in several ways`(_ text: String, _ shown: String) throws {
        #expect(try Node(text).description == shown)
    }

    @Test(arguments: [
        "", "linux", "windows", "windows:", "windows:10", "windows:10.0", "windows:10.0.x", "windows:10.0.20348.1.1",
        "linux/",
        "linux/amd64/v3/x", "darwin/arm64", "linux/amd64:10.0.20348", "linux/am d64", "windows:ltsc2016",
        "windows:10.0.9999999999",
    ])
    func `a text that is not a node is refused`(_ text: String) {
        let error = #expect(throws: OCIModelError.self) { try Node(text) }
        #expect(error?.code == .invalidPlatform)
    }
}
