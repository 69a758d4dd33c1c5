import ImageDefinition
import ImageInputs
import OCIContent
import OCIModel
import Testing

@Suite struct LinuxBaseResolverTests {
    private static let amd64 = Platform(os: "linux", architecture: "amd64")
    private static let arm64 = Platform(os: "linux", architecture: "arm64", variant: "v8")
    private static let layer = Descriptor(mediaType: .layerGzip, digest: Digest(of: [1]), size: 100)

    /// Adds a manifest of one platform, which its configuration may contradict.
    private func image(
        _ platform: Platform, in source: inout FakeBaseImages, layers: [Descriptor] = [layer], diffIDs: Int? = nil,
        configured: Platform? = nil, _ type: MediaType = .manifest
    ) throws -> Descriptor {
        let time = Timestamp(seconds: 0)
        let config = ImageConfig(
            platform: configured ?? platform, created: time, config: .init(),
            layers: (0..<(diffIDs ?? layers.count)).map { place in
                (DiffID(Digest(of: [UInt8(truncatingIfNeeded: place)])), .init(created: time, createdBy: "x"))
            })
        var manifest = Manifest(config: try source.add(config, .config), layers: layers)
        manifest.mediaType = type
        return try source.add(manifest, type, platform)
    }

    /// Adds an index of both platforms, and of what else registries store beside them, and returns its digest.
    private func index(in source: inout FakeBaseImages, _ entries: [Descriptor], _ type: MediaType = .index) throws
        -> Digest
    {
        var index = Index(manifests: entries)
        index.mediaType = type
        let root = try source.add(index, type)
        source.tags[root.digest.description] = root
        return root.digest
    }

    private func resolver(_ digest: Digest, _ source: any BaseImageSource) -> LinuxBaseResolver {
        LinuxBaseResolver(source: source, name: "registry.example/os/base:1", digest: digest)
    }

    @Test(arguments: [(MediaType.index, MediaType.manifest), (.dockerIndex, .dockerManifest)])
    func `each platform gets its own manifest from the index that the digest names`(_ types: (MediaType, MediaType))
        async throws
    {
        var source = FakeBaseImages()
        let right = try image(Self.arm64, in: &source, types.1)
        let attestation = try image(Platform(os: "unknown", architecture: "unknown"), in: &source)
        let other = try image(Self.amd64, in: &source, types.1)
        let digest = try index(in: &source, [other, right, attestation], types.0)
        for platform in [Self.amd64, Platform(os: "linux", architecture: "arm64")] {
            let base = try await resolver(digest, source).resolve(platform).base
            #expect(base.manifest.digest == (platform == Self.amd64 ? other : right).digest)
            #expect(base.manifest.mediaType == types.1)
            #expect(base.reference == "registry.example/os/base:1@\(digest)")
            #expect(base.name == "registry.example/os/base:1")
            #expect(base.layers == [Self.layer])
            #expect(base.osVersion == nil && base.manifest.platform == nil)
        }
    }

    @Test func `the documents read prove the pin without the registry`() async throws {
        var source = FakeBaseImages()
        let digest = try index(in: &source, [image(Self.amd64, in: &source), image(Self.arm64, in: &source)])
        let found = try await resolver(digest, source).resolve(Self.amd64)
        let (base, documents) = (found.base, found.proof)
        #expect(Set(documents.keys) == [digest, base.manifest.digest, base.config.digest])
        let files = Dictionary(
            uniqueKeysWithValues: documents.map { (LinuxBaseResolver.proofPath(of: $0.key), $0.value) })
        #expect(files.keys.allSatisfy { $0.hasPrefix("base-images/") && $0.hasSuffix(".json") })
        let again = try await resolver(digest, BaseImageProof { files[$0] }).resolve(Self.amd64).base
        #expect(again == base)
        for lost in documents.keys {
            var damaged = files
            damaged[LinuxBaseResolver.proofPath(of: lost)] = Array("{}".utf8)
            let changed = damaged
            damaged[LinuxBaseResolver.proofPath(of: lost)] = nil
            let missing = damaged
            let wrong = await #expect(throws: ImageInputsError.self) {
                try await resolver(digest, BaseImageProof { changed[$0] }).resolve(Self.amd64)
            }
            #expect(wrong?.code == .corrupt)
            let absent = await #expect(throws: ImageInputsError.self) {
                try await resolver(digest, BaseImageProof { missing[$0] }).resolve(Self.amd64)
            }
            #expect(absent?.code == .notFound)
        }
    }

    @Test func `a platform that the base lacks is refused, and the error lists those that it has`() async throws {
        var source = FakeBaseImages()
        let amd64 = try image(Self.amd64, in: &source)
        let whole = try index(in: &source, [amd64])
        var bare = amd64
        bare.platform = nil
        source.tags[amd64.digest.description] = bare
        for digest in [whole, amd64.digest] {
            let error = await #expect(throws: ImageInputsError.self) {
                try await resolver(digest, source).resolve(Self.arm64)
            }
            #expect(error?.code == .notFound)
            #expect(
                error?.message.contains("cannot build for linux/arm64 on the base image registry.example/os/base:1@")
                    == true)
            #expect(error?.hint == "choose one of: linux/amd64")
        }
        #expect(try await resolver(amd64.digest, source).resolve(Self.amd64).base.manifest.digest == amd64.digest)
    }

    @Test func `the best variant for a platform's nodes is chosen`() async throws {
        var source = FakeBaseImages()
        let v2 = try image(Platform(os: "linux", architecture: "amd64", variant: "v2"), in: &source)
        let plain = try image(Self.amd64, in: &source)
        let digest = try index(in: &source, [v2, plain])
        for (asked, expected) in [("linux/amd64", plain), ("linux/amd64/v2", v2), ("linux/amd64/v3", v2)] {
            let base = try await resolver(digest, source).resolve(Platform(asked)).base
            #expect(base.manifest.digest == expected.digest, "\(asked)")
        }
    }

    @Test(arguments: [
        ("v2", "write linux/amd64/v2 under 'platforms'"),
        ("v8", "choose another base image: no node has that variant"),
    ])
    func `a base that no node of the platform would take is refused`(_ variant: String, _ hint: String) async throws {
        var source = FakeBaseImages()
        let stated = Platform(os: "linux", architecture: "amd64", variant: variant)
        for entry in [try image(stated, in: &source), try image(Self.amd64, in: &source, configured: stated)] {
            let digest = try index(in: &source, [entry])
            let error = await #expect(throws: ImageInputsError.self) {
                try await resolver(digest, source).resolve(Self.amd64)
            }
            #expect(
                error?.message.hasSuffix("it is for linux/amd64/\(variant), which no node of linux/amd64 takes") == true
            )
            #expect(error?.hint == hint)
        }
    }

    @Test func `a base that contradicts itself is refused`() async throws {
        var all: [(FakeBaseImages, Digest)] = []
        func add(_ make: (inout FakeBaseImages) throws -> Descriptor) throws {
            var source = FakeBaseImages()
            let entry = try make(&source)
            all.append((source, try index(in: &source, [entry])))
            all[all.count - 1].0 = source
        }
        func typed(_ type: String) -> Descriptor {
            Descriptor(mediaType: MediaType(rawValue: type), digest: Digest(of: [1]), size: 100)
        }
        let thousand = (0..<1000).map {
            Descriptor(mediaType: .layerGzip, digest: Digest(of: Array("\($0)".utf8)), size: 100)
        }
        try add { try image(Self.amd64, in: &$0, diffIDs: 2) }
        try add { try image(Self.amd64, in: &$0, layers: []) }
        try add { try image(Self.amd64, in: &$0, layers: thousand) }
        try add { try image(Self.amd64, in: &$0, configured: Self.arm64) }
        try add { try image(Self.amd64, in: &$0, layers: [typed("application/vnd.oci.image.layer.v1.tar+encrypted")]) }
        try add { source in
            var layer = Self.layer
            layer.size = -1
            return try image(Self.amd64, in: &source, layers: [layer])
        }
        try add { source in
            var entry = try image(Self.amd64, in: &source)
            entry.size = 1 << 40
            return entry
        }
        for (place, (source, digest)) in all.enumerated() {
            let error = await #expect(throws: (any Error).self, "\(place)") {
                try await resolver(digest, source).resolve(Self.amd64)
            }
            #expect((error as? ImageInputsError)?.code == .corrupt, "\(place): \(error.map { "\($0)" } ?? "")")
        }
    }

    @Test func `a source that returns another image than the digest's is not trusted`() async throws {
        var source = FakeBaseImages()
        let digest = Digest(of: [9])
        let right = try index(in: &source, [image(Self.amd64, in: &source)])
        source.tags[digest.description] = source.tags[right.description]
        await #expect(throws: ImageInputsError.self) { try await resolver(digest, source).resolve(Self.amd64) }
    }
}
