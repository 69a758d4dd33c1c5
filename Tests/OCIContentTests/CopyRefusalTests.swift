import OCIContent
import OCIModel
import Testing

/// Tests of what must not be copied. The numbers are those of the fault table.
@Suite struct CopyRefusalTests {
    private let source = MemoryContent()
    private let target = MemoryContent()
    private let digest = Digest(of: [7])

    private func refusal(_ root: Descriptor, _ limits: CopyLimits = CopyLimits()) async -> ContentError? {
        var options = CopyOptions()
        options.limits = limits
        let error = await #expect(throws: ContentError.self) {
            try await copy(root, from: source, to: target, tag: "v1", options)
        }
        #expect(target.log.allSatisfy { $0 == "current v1" }, "nothing is put anywhere")
        return error
    }

    private func descriptor(_ size: String, _ more: String = "") -> String {
        #"{"mediaType":"a/b","digest":"\#(digest)","size":\#(size)\#(more)}"#
    }

    private func manifest(_ config: String, layers: String = "", more: String = "") -> Descriptor {
        source.add(
            #"{"schemaVersion":2,"mediaType":"\#(MediaType.manifest.rawValue)","config":\#(config),"layers":[\#(layers)]\#(more)}"#,
            as: .manifest)
    }

    @Test func `row 20: a document of 64 MiB is not requested`() async {
        let root = Descriptor(mediaType: .manifest, digest: digest, size: 64 << 20)
        #expect(await refusal(root)?.code == .tooLarge)
        #expect(source.log == [])
    }

    @Test(arguments: ["-1", "-9223372036854775808", "9223372036854775808", "1e30"])
    func `row 21: an impossible size is refused`(_ size: String) async {
        #expect(await refusal(manifest(descriptor(size)))?.code == .invalidDocument)
    }

    @Test func `row 21: sizes whose sum overflows are refused`() async {
        let other = #"{"mediaType":"a/b","digest":"\#(Digest(of: [8]))","size":9223372036854775807}"#
        let error = await refusal(manifest(descriptor("9223372036854775807"), layers: other))
        #expect(error?.message.contains("overflows") == true)
    }

    @Test func `row 21: a digest with two sizes is refused`() async {
        #expect(await refusal(manifest(descriptor("1"), layers: descriptor("2")))?.code == .invalidDocument)
    }

    @Test func `row 22: nested indexes are limited in depth and number`() async throws {
        var deep = try source.addImage()
        for _ in 0..<9 { deep = try source.addIndex([deep]) }
        #expect(await refusal(deep)?.message.contains("levels deep") == true)
    }

    @Test func `row 22: too many children are refused before they are read`() async throws {
        var limits = CopyLimits()
        limits.documents = 50
        let children = (0..<51).map { Descriptor(mediaType: .manifest, digest: Digest(of: [UInt8($0)]), size: 1) }
        let root = try source.addIndex(children)
        #expect(await refusal(root, limits)?.code == .tooLarge)
        #expect(source.log == ["read \(root.digest.short)"])
    }

    @Test func `row 22: documents that are too large together are refused`() async throws {
        var limits = CopyLimits()
        let children = (0..<2).map { Descriptor(mediaType: .manifest, digest: Digest(of: [UInt8($0)]), size: 99) }
        let root = try source.addIndex(children)
        limits.documentsSize = root.size + 150
        #expect(await refusal(root, limits)?.code == .tooLarge)
    }

    @Test func `row 23: a document that is both an index and a manifest is refused`() async {
        let error = await refusal(manifest(descriptor("1"), more: #","manifests":[]"#))
        #expect(error?.message.contains("both an index and a manifest") == true)
    }

    @Test func `row 23: a document that is not of its declared type is refused`() async {
        let root = manifest(descriptor("1"))
        let called = Descriptor(mediaType: .index, digest: root.digest, size: root.size)
        #expect(await refusal(called)?.code == .invalidDocument)
    }

    @Test func `row 24: content in a descriptor must match its digest`() async throws {
        #expect(await refusal(manifest(descriptor("1", #","data":"CA==""#)))?.code == .invalidDocument)
        #expect(await refusal(manifest(descriptor("1", #","data":"%""#)))?.code == .invalidDocument)
        source.add([7], as: .config)
        try await copy(manifest(descriptor("1", #","data":"Bw==""#)), from: source, to: target, tag: "v1")
    }

    @Test(arguments: ["{", "[]", "{}", #"{"config":1}"#])
    func `a document that is not a manifest is refused`(_ text: String) async {
        #expect(await refusal(source.add(text, as: .manifest))?.code == .invalidDocument)
        #expect(await refusal(source.add(text, as: .index))?.code == .invalidDocument)
    }

    @Test func `Docker's first schema is refused with advice`() async {
        let type = MediaType(rawValue: "application/vnd.docker.distribution.manifest.v1+prettyjws")
        #expect(await refusal(source.add("{}", as: type))?.hint?.contains("push") == true)
    }

    @Test func `a digest that leaves the folder is refused`() async {
        let escaping = #"{"mediaType":"a/b","digest":"sha256:../../../etc/passwd","size":1}"#
        #expect(await refusal(manifest(escaping))?.code == .invalidDocument)
    }
}

@Suite struct PlatformChoiceTests {
    private let source = MemoryContent()

    private func index(_ platforms: Platform...) throws -> Descriptor {
        try source.addIndex(platforms.map { try source.addImage(["\($0)"], platform: $0) })
    }

    private func chosen(_ text: String, _ root: Descriptor) async throws -> Digest {
        try await PlatformChoice(text).choose(from: root, in: source).digest
    }

    @Test func `the platform's entry is chosen, and its digest is the manifest's own`() async throws {
        let root = try index(
            Platform(os: "linux", architecture: "amd64"), Platform(os: "linux", architecture: "arm", variant: "v7"),
            Platform(os: "linux", architecture: "arm64"), Platform(os: "linux", architecture: "s390x"))
        let entries = try CanonicalJSON.decode(Index.self, from: try await source.document(root)).manifests
        #expect(try await chosen("linux/amd64", root) == entries[0].digest)
        #expect(try await chosen("linux/x86_64", root) == entries[0].digest)
        #expect(try await chosen("linux/arm/v7", root) == entries[1].digest)
        #expect(try await chosen("linux/arm64/v8", root) == entries[2].digest)
        #expect(try await chosen("linux/s390x", root) == entries[3].digest)
        let outer = try source.addIndex([root])
        #expect(try await chosen("linux/s390x", outer) == entries[3].digest)
    }

    @Test func `among variants, containerd's order decides`() async throws {
        func platform(_ architecture: String, _ variant: String?) -> Platform {
            Platform(os: "linux", architecture: architecture, variant: variant)
        }
        let root = try index(
            platform("amd64", "v3"), platform("amd64", nil), platform("arm", "v5"), platform("arm", "v7"),
            platform("arm", "v6"), platform("riscv64", "a"), platform("riscv64", "b"))
        let entries = try CanonicalJSON.decode(Index.self, from: try await source.document(root)).manifests
        for (text, place) in [
            ("linux/amd64", 1), ("linux/amd64/v2", 1), ("linux/amd64/v3", 0), ("linux/amd64/v4", 0), ("linux/arm", 3),
            ("linux/arm/v6", 4), ("linux/arm/v5", 2),
        ] { #expect(try await chosen(text, root) == entries[place].digest, "\(text)") }
        let error = await #expect(throws: ContentError.self) { try await chosen("linux/riscv64", root) }
        #expect(error?.message.contains("several entries for linux/riscv64") == true)
        #expect(error?.hint?.contains("linux/amd64/v3, linux/amd64, linux/arm/v5") == true, "\(error?.hint ?? "")")
    }

    @Test func `a version of Windows is matched by its first numbers, and several matches are refused`() async throws {
        let root = try index(
            Platform(os: "windows", architecture: "amd64", osVersion: "10.0.20348.1"),
            Platform(os: "windows", architecture: "amd64", osVersion: "10.0.2034.1"))
        let entries = try CanonicalJSON.decode(Index.self, from: try await source.document(root)).manifests
        #expect(try await chosen("windows/amd64:10.0.20348", root) == entries[0].digest)
        #expect(try await chosen("windows/amd64:10.0.2034", root) == entries[1].digest)
        let error = await #expect(throws: ContentError.self) { try await chosen("windows/amd64", root) }
        #expect(error?.hint?.contains("10.0.20348.1") == true)
    }

    @Test func `the configuration of a single manifest states its platform`() async throws {
        let config = source.add(
            #"{"architecture":"ppc64le","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}"#, as: .config)
        let root = source.add(try CanonicalJSON.encode(Manifest(config: config, layers: [])), as: .manifest)
        #expect(try await chosen("linux/ppc64le", root) == root.digest)
        await #expect(throws: ContentError.self) { try await chosen("linux/amd64", root) }
    }

    @Test(arguments: ["", "linux", "linux/", "/amd64", "linux/amd64/v1/x", "linux/amd64:"])
    func `a text that is not a platform is refused`(_ text: String) {
        #expect(throws: OCIModelError.self) { try PlatformChoice(text) }
    }
}
