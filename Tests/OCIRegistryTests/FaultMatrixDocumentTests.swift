import NIOHTTP1
import OCIContent
import OCIModel
import OCIRegistry
import Synchronization
import Testing

/// Tests of the fault matrix's rows about manifests and tags.
@Suite struct FaultMatrixDocumentTests {
    private let registry = FakeRegistry()

    private var repository: RegistryRepository { RegistryRepository("test/image", over: registry, settings: .small) }

    /// Returns the error of reading a tag that names these bytes.
    private func reading(_ text: String, type: String = MediaType.manifest.rawValue) async throws -> OCIRegistryError? {
        let bytes = Array(text.utf8)
        registry.put("test/image", .init(manifests: [Digest(of: bytes): (type, bytes)], tags: ["1": Digest(of: bytes)]))
        do { _ = try await repository.resolve("1") } catch { return error as? OCIRegistryError }
        return nil
    }

    private let layer = #""digest":"\#(Digest(of: []))""#

    @Test func `row 4: 503 once to PUT of a manifest`() async throws {
        let image = try FakeImage(platforms: 1, layers: 1, size: 200)
        registry.fail(.PUT, "/manifests/", .status(503))
        try await copy(image.root, from: image.source, to: repository, tag: "1")
        #expect(registry.repositories["test/image"]?.tags["1"] == image.root.digest)
        #expect(registry.count(.PUT, "/blobs/") == 2)
    }

    @Test func `row 10: HEAD of a tag answers 403 or 405`() async throws {
        let image = try FakeImage(platforms: 1, layers: 1, size: 200)
        registry.put("test/image", image.repository(tag: "1"))
        registry.quirk { $0.headStatus = 403 }
        #expect(try await repository.current("1") == image.root)
        #expect(try await repository.current("2") == nil)
    }

    @Test func `row 18: the tag is not touched if PUT of a manifest answers another digest`() async throws {
        let image = try FakeImage(platforms: 1, layers: 1, size: 200)
        registry.quirk { $0.answeredDigest = "sha256:" + String(repeating: "0", count: 64) }
        let error = await #expect(throws: OCIRegistryError.self) {
            try await repository.tag(image.index, as: image.root, named: "1")
        }
        #expect(error?.code == .corrupt)
        #expect(registry.repositories["test/image"]?.tags == [:])
    }

    @Test func `row 19: a manifest that does not match the requested or stated digest`() async throws {
        let image = try FakeImage(platforms: 1, layers: 1, size: 200)
        registry.put("test/image", image.repository(tag: "1"))
        registry.fail(.GET, "/manifests/", .flipByte(at: 3))
        await #expect(throws: OCIRegistryError.self) { try await repository.document(image.root) }
        registry.quirk { $0.answeredDigest = "sha256:" + String(repeating: "0", count: 64) }
        let error = await #expect(throws: OCIRegistryError.self) { try await repository.resolve("1") }
        #expect(error?.code == .corrupt)
    }

    @Test func `row 20: a manifest of 64 MiB is refused at the limit`() async throws {
        registry.fail(
            .GET, "/manifests/", .body([UInt8](repeating: 0x20, count: 64 << 20), type: MediaType.manifest.rawValue))
        let error = await #expect(throws: OCIRegistryError.self) { try await repository.resolve("1") }
        #expect(error?.code == .tooLarge)
        let large = Descriptor(mediaType: .manifest, digest: Digest(of: []), size: 64 << 20)
        await #expect(throws: OCIRegistryError.self) { try await repository.document(large) }
        #expect(registry.log.count == 1)
    }

    @Test(arguments: [
        #"{DIGEST,"size":9223372036854775808}"#, #"{DIGEST,"size":-1}"#,
        #"{DIGEST,"size":9223372036854775807},{DIGEST,"size":1}"#,
    ])
    func `row 21: impossible sizes`(layers: String) async throws {
        let text = layers.replacing("DIGEST", with: layer)
        let error = try await reading(#"{"schemaVersion":2,"layers":[\#(text)]}"#)
        #expect(error?.code == .protocolViolation, "\(error?.message ?? "none")")
    }

    @Test(arguments: [
        #"{"schemaVersion":2,"layers":[],"manifests":[]}"#,
        #"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}"#,
        #"{"schemaVersion":2,"manifests":[]}"#,
        #"{"schemaVersion":2,"layers":[{"digest":"sha256:../../x","size":1}]}"#,
        #"[]"#, #"<html></html>"#,
    ])
    func `row 23: layers and manifests together, the wrong type, not a manifest at all`(text: String) async throws {
        #expect(try await reading(text)?.code == .protocolViolation)
    }

    @Test func `row 23: a manifest whose type differs from its descriptor's`() async throws {
        let image = try FakeImage(platforms: 1, layers: 1, size: 200)
        registry.put("test/image", image.repository(tag: "1"))
        var root = image.root
        root.mediaType = .dockerIndex
        await #expect(throws: OCIRegistryError.self) { try await repository.document(root) }
    }

    @Test func `row 24: data that does not match its digest`() async throws {
        let data = Base64.encode([1])
        #expect(
            try await reading(#"{"schemaVersion":2,"layers":[{\#(layer),"size":1,"data":"\#(data)"}]}"#)?.code
                == .protocolViolation)
        let digest = Digest(of: [1])
        #expect(
            try await reading(#"{"schemaVersion":2,"layers":[{"digest":"\#(digest)","size":1,"data":"\#(data)"}]}"#)
                == nil)
    }

    @Test func `a manifest of schema 1 and an invalid digest are refused by name`() async throws {
        let old = try await reading(
            #"{"schemaVersion":1,"fsLayers":[]}"#, type: "application/vnd.docker.distribution.manifest.v1+prettyjws")
        #expect(old?.code == .unsupported)
        let digest = "sha384:" + String(repeating: "0", count: 96)
        let error = try await reading(#"{"schemaVersion":2,"layers":[{"digest":"\#(digest)","size":1}]}"#)
        #expect(error?.code == .protocolViolation)
        #expect(error?.message.contains("sha384:000") == true)
    }

    @Test func `row 45: an immutable tag that already is where it should be`() async throws {
        let image = try FakeImage(platforms: 1, layers: 1, size: 200)
        registry.put("test/image", image.repository(tag: "1"))
        registry.quirk { $0.tagsAreImmutable = true }
        try await repository.tag(image.index, as: image.root, named: "1")
        let other = try FakeImage(platforms: 1, layers: 2, size: 200)
        await #expect(throws: OCIRegistryError.self) {
            try await repository.tag(other.index, as: other.root, named: "1")
        }
        #expect(registry.repositories["test/image"]?.tags["1"] == image.root.digest)
    }

    @Test func `row 49: a source tag that moves does not change the resolved image`() async throws {
        let (image, other) = (
            try FakeImage(platforms: 1, layers: 1, size: 200), try FakeImage(platforms: 1, layers: 2, size: 200)
        )
        registry.put("test/image", image.repository(tag: "1"))
        let source = repository
        let root = try await source.resolve("1")
        registry.state.withLock { $0.repositories["test/image"]?.tags["1"] = other.root.digest }
        #expect(try await source.document(root) == image.index)
        #expect(registry.count(.GET) == 1)
    }

    @Test func `row 49: a destination tag that another client moved is a conflict`() async throws {
        let (image, other) = (
            try FakeImage(platforms: 1, layers: 1, size: 200), try FakeImage(platforms: 1, layers: 2, size: 200)
        )
        registry.put("test/image", other.repository(tag: "1"))
        var destination = repository
        for expectation in [TagExpectation.absent, .at(Digest(of: []))] {
            destination.tagExpectations = ["1": expectation]
            let error = await #expect(throws: OCIRegistryError.self) {
                try await destination.tag(image.index, as: image.root, named: "1")
            }
            #expect(error?.code == .conflict)
        }
        #expect(registry.repositories["test/image"]?.tags["1"] == other.root.digest)
        destination.tagExpectations = ["1": .at(other.root.digest)]
        try await destination.tag(image.index, as: image.root, named: "1")
        #expect(registry.repositories["test/image"]?.tags["1"] == image.root.digest)
    }

    @Test func `a fixed tag is set once and never moved`() async throws {
        let (image, other) = (
            try FakeImage(platforms: 1, layers: 1, size: 200), try FakeImage(platforms: 1, layers: 2, size: 200)
        )
        var destination = repository
        destination.keepsTags = true
        try await destination.tag(image.index, as: image.root, named: "1")
        try await destination.tag(image.index, as: image.root, named: "1")
        let error = await #expect(throws: OCIRegistryError.self) {
            try await destination.tag(other.index, as: other.root, named: "1")
        }
        #expect(error?.code == .conflict)
        #expect(registry.count(.PUT, "/manifests/1") == 1)
    }

    @Test func `the error for a missing tag names others`() async throws {
        let image = try FakeImage(platforms: 1, layers: 1, size: 200)
        registry.put("test/image", image.repository(tag: "3.5.16"))
        let error = await #expect(throws: OCIRegistryError.self) { try await repository.resolve("3.5.17") }
        #expect(error?.code == .notFound)
        #expect(error?.hint == "choose one of: 3.5.16")
    }

    @Test func `a configuration is read as a blob, whatever manifests the registry has`() async throws {
        let image = try FakeImage(platforms: 1, layers: 1, size: 200)
        registry.put("test/image", image.repository(tag: "1"))
        let config = Descriptor(of: image.blobs[1], .config)
        #expect(try await repository.document(config) == image.blobs[1])
    }
}
