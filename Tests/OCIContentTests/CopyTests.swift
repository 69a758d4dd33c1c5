import OCIContent
import OCIModel
import Synchronization
import Testing

@Suite struct CopyTests {
    private let source = MemoryContent()
    private let target = MemoryContent()
    private let amd64 = Platform(os: "linux", architecture: "amd64")
    private let ppc64le = Platform(os: "linux", architecture: "ppc64le")

    private func place(_ entry: String, _ descriptor: Descriptor) throws -> Int {
        try #require(target.log.firstIndex(of: "\(entry) \(descriptor.digest.short)"))
    }

    @Test func `blobs are copied first, then manifests, then their index, and the tag last`() async throws {
        let (one, two) = (
            try source.addImage(["a", "bb"], platform: amd64), try source.addImage(["c"], platform: ppc64le)
        )
        let inner = try source.addIndex([two])
        // The inner index is named before the content that it shares with the outer one.
        let root = try source.addIndex([inner, one, two])
        let result = try await copy(root, from: source, to: target, tag: "v1")
        let kinds = target.log.map { $0.split(separator: " ")[0] }
        #expect(
            kinds == ["current"] + Array(repeating: "blob", count: 5) + Array(repeating: "document", count: 4) + ["tag"]
        )
        #expect(try place("document", two) < place("document", inner))
        #expect(try place("document", inner) < place("document", root))
        #expect(target.digest(named: "v1") == root.digest)
        #expect(result.blobs == 5 && result.documents == 4 && !result.isUnchanged)
        #expect(try await target.document(root) == source.document(root), "bytes unchanged")
    }

    @Test func `a blob shared by platforms is copied once, and the largest comes first`() async throws {
        let root = try source.addIndex([
            try source.addImage(["shared", "x"], platform: amd64),
            try source.addImage(["shared", String(repeating: "y", count: 1000)], platform: ppc64le),
        ])
        try await copy(root, from: source, to: target, tag: "v1", options { $0.concurrency = 1 })
        let blobs = target.log.filter { $0.hasPrefix("blob") }
        #expect(blobs.count == Set(blobs).count && blobs.count == 5)
        #expect(blobs.first == "blob \(Digest(of: String(repeating: "y", count: 1000).utf8).short)")
    }

    @Test func `one request is enough if the tag already names the image`() async throws {
        let root = try source.addIndex([try source.addImage()])
        try await copy(root, from: source, to: target, tag: "v1")
        let (before, read) = (target.log.count, source.log.count)
        #expect(try await copy(root, from: source, to: target, tag: "v1").isUnchanged)
        #expect(target.log.dropFirst(before) == ["current v1"])
        #expect(source.log.count == read, "nothing is read of the source")
    }

    @Test func `a destination whose tag vouches for nothing is filled again`() async throws {
        let loose = MemoryContent(isWholeByName: false)
        let root = try source.addImage()
        try await copy(root, from: source, to: loose, tag: "v1")
        let result = try await copy(root, from: source, to: loose, tag: "v1")
        #expect(!result.isUnchanged && result.blobs == 2)
    }

    @Test func `no tag is set if one part fails`() async throws {
        let root = try source.addIndex([try source.addImage(["a"]), try source.addImage(["b"])])
        for part in ["a", "b"] {
            source.state.withLock { $0.failing = [Digest(of: part.utf8)] }
            await #expect(throws: ContentError.self) { try await copy(root, from: source, to: target, tag: "v1") }
            #expect(target.digest(named: "v1") == nil)
            #expect(!target.log.contains { $0.hasPrefix("document") })
        }
    }

    @Test func `an index without parts and a manifest without layers are images too`() async throws {
        for root in [try source.addIndex([]), try source.addImage([])] {
            try await copy(root, from: source, to: target, tag: "v1")
            #expect(target.digest(named: "v1") == root.digest)
        }
    }

    @Test func `layers may repeat, be empty, or be the configuration`() async throws {
        let config = source.add("", as: .config)
        let layer = source.add("x", as: .layerTar)
        let manifest = Manifest(config: config, layers: [layer, layer, config])
        let root = source.add(try CanonicalJSON.encode(manifest), as: .manifest)
        try await copy(root, from: source, to: target, tag: "v1")
        #expect(target.log.filter { $0.hasPrefix("blob") }.count == 2)
    }

    @Test func `a document of an unknown type is copied as it is`() async throws {
        let odd = source.add("not even JSON", as: MediaType(rawValue: "application/vnd.example.odd"))
        let root = try source.addIndex([odd])
        try await copy(root, from: source, to: target, tag: "v1")
        #expect(try place("document", odd) < place("document", root))
    }

    @Test func `the entries of an index that are blobs are copied as blobs`() async throws {
        let types = [MediaType.layerGzip, MediaType(rawValue: "application/vnd.buildkit.cacheconfig.v0")]
        let blobs = types.map { source.add("blob of \($0.rawValue)", as: $0) }
        let root = try source.addIndex(blobs)
        try await copy(root, from: source, to: target, tag: "cache")
        for blob in blobs { #expect(try place("blob", blob) < place("document", root)) }
    }

    @Test func `an artifact is copied with everything that it names, whatever the types`() async throws {
        let blob = source.add("chart", as: MediaType(rawValue: "application/vnd.example.chart"))
        let text =
            #"{"mediaType":"application/vnd.oci.artifact.manifest.v1+json","blobs":[{"mediaType":"a/b","digest":""#
            + #"\#(blob.digest)","size":5}]}"#
        let root = source.add(text, as: MediaType(rawValue: "application/vnd.oci.artifact.manifest.v1+json"))
        try await copy(root, from: source, to: target, tag: "v1")
        #expect(target.log.contains("blob \(blob.digest.short)"))
    }

    @Test func `row 25: foreign layers are requested only if wanted`() async throws {
        var foreign = source.add("windows", as: .layerGzip)
        foreign.urls = ["http://169.254.169.254/latest/meta-data"]
        var docker = source.add(
            "old", as: MediaType(rawValue: "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"))
        docker.annotations = nil
        let manifest = Manifest(config: source.add("{}", as: .config), layers: [foreign, docker])
        let root = source.add(try CanonicalJSON.encode(manifest), as: .manifest)
        let result = try await copy(root, from: source, to: target, tag: "v1")
        #expect(result.skipped.map(\.digest) == [foreign.digest, docker.digest])
        #expect(!source.log.contains("read \(foreign.digest.short)"))
        let asked = MemoryContent()
        try await copy(root, from: source, to: asked, tag: "v1", options { $0.withForeignLayers = true })
        #expect(asked.log.contains("blob \(foreign.digest.short)"))
    }

    @Test func `blobs that are available elsewhere are not requested`() async throws {
        let root = try source.addImage(["base", "own"])
        let base = Digest(of: "base".utf8)
        source.state.withLock { $0.failing = [base] }
        let result = try await copy(root, from: source, to: target, tag: "v1", options { $0.absent = [base] })
        #expect(result.skipped.map(\.digest) == [base] && result.blobs == 2)
    }

    @Test func `a forecast reports what would be sent, and sends nothing`() async throws {
        let root = try source.addImage(["aaa", "bb"])
        let plan = try await CopyPlan(reading: [root], from: source)
        let forecast = try await plan.forecast(at: target, from: source)
        #expect(forecast.toSend.blobs == 3 && forecast.present.blobs == 0 && forecast.documents == 1)
        #expect(target.log == [])
    }

    private func options(_ change: (inout CopyOptions) -> Void) -> CopyOptions {
        var options = CopyOptions()
        change(&options)
        return options
    }
}

@Suite struct CopyReferrersTests {
    private let source = MemoryContent()
    private let target = MemoryContent()

    private func copyAll(_ root: Descriptor) async throws -> CopyResult {
        var options = CopyOptions()
        options.withReferrers = true
        return try await copy(root, from: source, to: target, tag: "v1", options)
    }

    @Test func `referrers of the index, a platform and a referrer are copied after their subjects and before the tag`()
        async throws
    {
        let image = try source.addImage()
        let root = try source.addIndex([image])
        let signature = try source.addReferrer(of: root, "signature")
        let inventory = try source.addReferrer(of: image, "inventory")
        let signed = try source.addReferrer(of: inventory, "signature of the inventory")
        _ = try await copyAll(root)
        let log = target.log
        for referrer in [signature, inventory, signed] {
            let place = try #require(log.firstIndex(of: "document \(referrer.digest.short)"))
            #expect(place > log.firstIndex(of: "document \(root.digest.short)") ?? .max)
            #expect(place < log.firstIndex(of: "tag v1") ?? 0)
        }
        #expect(target.log.contains("blob \(Digest(of: "signature of the inventory".utf8).short)"))
    }

    @Test func `referrers are looked for only if requested`() async throws {
        let root = try source.addImage()
        let referrer = try source.addReferrer(of: root, "signature")
        try await copy(root, from: source, to: target, tag: "v1")
        #expect(!target.log.contains("document \(referrer.digest.short)"))
    }

    @Test func `new referrers of an existing image are copied`() async throws {
        let root = try source.addImage()
        try await copy(root, from: source, to: target, tag: "v1")
        let referrer = try source.addReferrer(of: root, "signature")
        #expect(try await !copyAll(root).isUnchanged)
        #expect(target.log.contains("document \(referrer.digest.short)"))
    }

    @Test func `documents that refer to each other in a circle are copied once`() async throws {
        let root = try source.addImage()
        let referrer = try source.addReferrer(of: root, "one")
        source.state.withLock { $0.referrers[referrer.digest] = [root, referrer] }
        #expect(try await copyAll(root).documents == 2)
    }

    @Test func `referrers of referrers are limited in depth`() async throws {
        var last = try source.addImage()
        let root = last
        for place in 0..<12 { last = try source.addReferrer(of: last, "\(place)") }
        let error = await #expect(throws: ContentError.self) { try await copyAll(root) }
        #expect(error?.code == .tooLarge)
        #expect(target.digest(named: "v1") == nil)
    }

    @Test func `content that cosign tags by digest is copied and tagged, for platforms too`() async throws {
        let image = try source.addImage()
        let root = try source.addIndex([image])
        let signature = try source.addImage(["signature"])
        let name = "sha256-\(image.digest.hex).sig"
        source.name(name, signature)
        source.name("sha256-\(Digest(of: [1]).hex).sig", try source.addImage(["other"]))
        _ = try await copyAll(root)
        #expect(target.digest(named: name) == signature.digest)
        #expect(target.log.suffix(2) == ["tag \(name)", "tag v1"])
        #expect(!target.log.contains("blob \(Digest(of: "other".utf8).short)"))
    }
}
