import ImageDefinition
import ImageInputs
import OCIContent
import OCIModel
import SystemPackage
import Testing

@Suite struct WindowsBaseResolverTests {
    private static let layer = Descriptor(mediaType: .layerGzip, digest: Digest(of: [1]), size: 100)

    private func platform(_ version: String) -> Platform {
        Platform(os: "windows", architecture: "amd64", osVersion: version)
    }

    /// Adds a manifest with a configuration of that version.
    private func image(
        _ version: String?, in source: inout FakeBaseImages, listed: String? = nil, features: [String]? = nil,
        layers: [Descriptor] = [layer], diffIDs: Int = 1, os: String = "windows"
    ) throws -> Descriptor {
        let ids = (0..<diffIDs).map { JSONValue.text("\(Digest(of: [UInt8($0)]))") }
        var members: [String: JSONValue] = [
            "os": .text(os), "architecture": .text("amd64"),
            "rootfs": .object(["type": .text("layers"), "diff_ids": .array(ids)]),
        ]
        members["os.version"] = version.map { .text($0) }
        let config = try source.add(JSONValue.object(members), .config)
        let entry = Platform(os: os, architecture: "amd64", osVersion: listed ?? version, osFeatures: features)
        return try source.add(Manifest(config: config, layers: layers), .manifest, entry)
    }

    private func resolve(_ asked: String, _ source: FakeBaseImages) async throws -> PinnedBaseImage {
        try await WindowsBaseResolver(source: source, repository: "mcr.example/nanoserver").resolve(platform(asked))
    }

    @Test(arguments: [MediaType.index, .dockerIndex])
    func `a base is pinned by its release's tag, with the version and features of its index entry`(_ type: MediaType)
        async throws
    {
        var source = FakeBaseImages()
        let linux = try image(nil, in: &source, os: "linux")
        let old = try image("10.0.17763.1", in: &source)
        let right = try image("10.0.20348.2762", in: &source, features: ["win32k"])
        source.tags["ltsc2022"] = try source.add(Index(manifests: [linux, old, right]), type)
        for asked in ["ltsc2022", "10.0.20348"] {
            let found = try await resolve(asked, source)
            let (base, config) = (found.base, found.config)
            #expect(base.reference == "mcr.example/nanoserver:ltsc2022")
            #expect(base.manifest.digest == right.digest)
            #expect(base.manifest.platform == nil)
            #expect(base.osVersion == "10.0.20348.2762")
            #expect(base.osFeatures == ["win32k"])
            #expect(base.layers == [Self.layer])
            #expect(Digest(of: config) == base.config.digest)
        }
    }

    @Test func `a tag may name one manifest, and a whole version is a tag of its own`() async throws {
        var source = FakeBaseImages()
        source.tags["10.0.26100.1742"] = try image("10.0.26100.1742", in: &source)
        let base = try await resolve("10.0.26100.1742", source).base
        #expect(base.osVersion == "10.0.26100.1742")
        #expect(base.osFeatures == nil)
    }

    @Test func `a foreign layer is pinned with its addresses`() async throws {
        var source = FakeBaseImages()
        var foreign = Self.layer
        foreign.mediaType = MediaType(rawValue: "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip")
        foreign.urls = ["https://example/blob"]
        source.tags["1809"] = try image("10.0.17763.6293", in: &source, layers: [foreign])
        #expect(try await resolve("1809", source).base.layers == [foreign])
    }

    @Test func `the error for a version that the repository lacks names those that it has`() async throws {
        var source = FakeBaseImages()
        let other = try image("10.0.17763.1", in: &source)
        source.tags["ltsc2022"] = try source.add(Index(manifests: [other]), .index)
        let error = await #expect(throws: ImageInputsError.self) { _ = try await resolve("ltsc2022", source) }
        #expect(error?.code == .notFound)
        #expect(error?.hint == "choose one of: 10.0.17763.1")
        await #expect(throws: ContentError.self) { _ = try await resolve("ltsc2025", source) }
        source.tags["ltsc2025"] = try image("10.0.20348.1", in: &source)
        let wrong = await #expect(throws: ImageInputsError.self) { _ = try await resolve("ltsc2025", source) }
        #expect(wrong?.code == .notFound)
        #expect(wrong?.message.contains("is for Windows 10.0.20348.1, not ltsc2025") == true)
    }

    @Test func `a base that contradicts itself is refused`() async throws {
        var all: [FakeBaseImages] = []
        func add(_ make: (inout FakeBaseImages) throws -> Descriptor) throws {
            var source = FakeBaseImages()
            source.tags["ltsc2022"] = try make(&source)
            all.append(source)
        }
        try add { try image("10.0.20348.1", in: &$0, listed: "10.0.20348.2") }
        try add { try image("10.0.20348.1", in: &$0, diffIDs: 2) }
        try add { try image("10.0.20348", in: &$0) }
        try add { try image(nil, in: &$0, listed: "10.0.20348.1") }
        try add { try image("10.0.20348.1", in: &$0, os: "linux") }
        try add { source in
            var layer = Self.layer
            layer.mediaType = .config
            return try image("10.0.20348.1", in: &source, layers: [layer])
        }
        try add { try $0.add("no manifest", .manifest) }
        try add { try $0.add("no index", .index) }
        try add { source in
            var large = try image("10.0.20348.1", in: &source)
            large.size = 1 << 40
            return large
        }
        for (place, source) in all.enumerated() {
            let error = await #expect(throws: ImageInputsError.self, "\(place)") {
                _ = try await resolve("ltsc2022", source)
            }
            #expect(error?.code == .corrupt, "\(place): \(error?.message ?? "")")
        }
    }
}
