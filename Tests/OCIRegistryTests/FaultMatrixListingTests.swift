import NIOHTTP1
import OCIContent
import OCIModel
import OCIRegistry
import Scheduling
import Testing

/// Tests of the fault matrix's rows about pages of tags, and referrers.
@Suite struct FaultMatrixListingTests {
    private let registry = FakeRegistry()
    private let first = "/v2/test/image/tags/list?n=1000"

    private var repository: RegistryRepository { RegistryRepository("test/image", over: registry, settings: .small) }

    private func serve(_ pages: [String: (String, [String])]) {
        registry.quirk { quirks in quirks.tagPages = pages.mapValues { (#"{"tags":\#($0.0)}"#, $0.1) } }
    }

    // MARK: Tags

    @Test func `row 26: a page that links to itself, or a circle of pages, is an error`() async throws {
        serve([first: (#"["a"]"#, ["<\(first)>; rel=\"next\""])])
        await #expect(throws: OCIRegistryError.self) { try await repository.tags() }
        #expect(registry.log.count == 1)
        serve([
            first: (#"["a"]"#, ["</v2/test/image/tags/list?x=1>; rel=\"next\""]),
            "/v2/test/image/tags/list?x=1": (#"["b"]"#, ["</v2/test/image/tags/list?x=2>; rel=\"next\""]),
            "/v2/test/image/tags/list?x=2": (#"["c"]"#, ["</v2/test/image/tags/list?x=1>; rel=\"next\""]),
        ])
        let error = await #expect(throws: OCIRegistryError.self) { try await repository.tags() }
        #expect(error?.code == .protocolViolation)
        #expect(registry.log.count == 4)
    }

    @Test func `row 26: endless pages are cut off`() async throws {
        var settings = RepositorySettings.small
        settings.pages = 3
        serve(
            Dictionary(
                uniqueKeysWithValues: (0..<9).map { number in
                    let page = number == 0 ? first : "/v2/test/image/tags/list?x=\(number)"
                    return (page, (#"["a"]"#, ["</v2/test/image/tags/list?x=\(number + 1)>; rel=next"]))
                }))
        let source = RegistryRepository("test/image", over: registry, settings: settings)
        await #expect(throws: OCIRegistryError.self) { try await source.tags() }
        #expect(registry.log.count == 3)
    }

    @Test(arguments: ["https://evil.test/v2/x", "//evil.test/v2/x", "http://registry.test:81/v2/x"])
    func `row 27: a link to another host is refused`(link: String) async throws {
        serve([first: (#"["a"]"#, ["<\(link)>; rel=\"next\""])])
        let error = await #expect(throws: OCIRegistryError.self) { try await repository.tags() }
        #expect(error?.code == .protocolViolation)
        #expect(registry.log.count == 1)
    }

    @Test func `row 28: all forms of links, an empty page and repeated tags give the whole list once`()
        async throws
    {
        serve([
            first: (#"["b","a"]"#, ["</v2/_first>; rel=\"first\", </v2/test/image/tags/list?x=\"1,2\">; rel=\"next\""]),
            "/v2/test/image/tags/list?x=\"1,2\"": ("null", ["/v2/test/image/tags/list?x=3; rel=next"]),
            "/v2/test/image/tags/list?x=3": (
                #"["c","b"]"#, ["<https://registry.test/z>; rel=prev", "<?x=4>; title=\"a;b\"; rel=\"x next\""]
            ),
            "/v2/test/image/tags/list?x=4": ("[]", ["<list?x=5>;rel=next"]),
            "/v2/test/image/tags/list?x=5": (
                #"["A"]"#, ["<https://registry.test/v2/test/image/tags/list?x=6>; REL=next"]
            ),
            "/v2/test/image/tags/list?x=6": (#"["d"]"#, []),
        ])
        #expect(try await repository.tags() == ["A", "a", "b", "c", "d"])
    }

    @Test func `a registry that refuses a page size is asked without one`() async throws {
        var content = FakeRegistry.Repository()
        for number in 0..<250 { content.tags["t\(number)"] = Digest(of: []) }
        registry.put("test/image", content)
        registry.quirk { $0.maximumTags = 100 }
        #expect(try await repository.tags().count == 250)
        #expect(registry.log.count == 4)
    }

    @Test func `listing the tags of a missing repository is an error, of an empty one not`() async throws {
        let error = await #expect(throws: OCIRegistryError.self) { try await repository.tags() }
        #expect(error?.code == .notFound)
        registry.put("test/image", .init())
        #expect(try await repository.tags() == [])
    }

    // MARK: Referrers

    private let subject = Descriptor(of: Array("subject".utf8), .manifest)

    /// Returns a manifest with a subject, like a signature.
    private func referrer(_ number: Int) throws -> [UInt8] {
        let config = Descriptor(of: Array("{}".utf8), MediaType(rawValue: "application/vnd.test.signature"))
        var manifest = Manifest(config: config, layers: [], annotations: ["number": "\(number)"])
        manifest.subject = subject
        return try CanonicalJSON.encode(manifest)
    }

    private func put(_ bytes: [UInt8], by destination: RegistryRepository? = nil) async throws {
        try await (destination ?? repository).putDocument(bytes, as: Descriptor(of: bytes, .manifest))
    }

    @Test func `a registry with the API lists referrers, and no fallback tag is created`() async throws {
        for number in 0..<2 { try await put(referrer(number)) }
        #expect(try await repository.referrers(of: subject.digest).count == 2)
        #expect(registry.repositories["test/image"]?.tags == [:])
    }

    @Test(arguments: [303, 400, 404, 405, 406] as [UInt])
    func `row 47: without the API the list is under the fallback tag, with types and annotations`(status: UInt)
        async throws
    {
        registry.quirk {
            $0.hasReferrersAPI = false
            $0.referrersStatus = status
        }
        for number in 0..<2 { try await put(referrer(number)) }
        let found = try await repository.referrers(of: subject.digest)
        #expect(found.map(\.artifactType) == Array(repeating: "application/vnd.test.signature", count: 2))
        #expect(found.map { $0.annotations?["number"] } == ["0", "1"])
        #expect(registry.repositories["test/image"]?.tags.keys.sorted() == ["sha256-\(subject.digest.hex)"])
    }

    @Test func `row 47: an HTML page is not a list of referrers`() async throws {
        registry.quirk { $0.hasReferrersAPI = false }
        try await put(referrer(0))
        registry.fail(.GET, "/referrers/", .body(Array("<html>".utf8), type: "text/html; charset=utf-8"))
        #expect(try await repository.referrers(of: subject.digest).count == 1)
    }

    @Test func `row 47: the subject itself under the fallback tag means no referrers`() async throws {
        let image = try FakeImage(platforms: 1, layers: 1, size: 200)
        registry.put("test/image", image.repository(tag: "1"))
        registry.quirk {
            $0.hasReferrersAPI = false
            $0.gitLabFallback = true
        }
        #expect(try await repository.referrers(of: image.root.digest) == [])
        #expect(try await repository.referrers(of: Digest(of: image.manifests[0])) == [])
    }

    @Test func `whether the API exists is determined once per repository`() async throws {
        registry.quirk { $0.hasReferrersAPI = false }
        let source = repository
        for _ in 0..<3 { _ = try await source.referrers(of: subject.digest) }
        #expect(registry.count(.GET, "/referrers/") == 1)
    }

    @Test(arguments: [400, 403, 405] as [UInt])
    func `row 47: a listing that is refused where others are answered is not one of nothing`(status: UInt) async throws
    {
        try await put(referrer(0))
        let source = repository
        #expect(try await source.referrers(of: subject.digest).count == 1)
        registry.fail(.GET, "/referrers/", .status(status))
        await #expect(throws: OCIRegistryError.self) { try await source.referrers(of: subject.digest) }
        #expect(try await source.referrers(of: subject.digest).count == 1, "the next one is asked for")
    }

    @Test func `row 47: a missing listing where others are answered is that of one subject`() async throws {
        try await put(referrer(0))
        let source = repository
        #expect(try await source.referrers(of: subject.digest).count == 1)
        registry.fail(.GET, "/referrers/", .status(404))
        #expect(try await source.referrers(of: subject.digest).isEmpty)
        #expect(try await source.referrers(of: subject.digest).count == 1, "the next one is asked for")
    }

    @Test func `row 47: whoever may not list referrers is told so`() async throws {
        registry.quirk {
            $0.hasReferrersAPI = false
            $0.referrersStatus = 403
        }
        let error = await #expect(throws: OCIRegistryError.self) { try await repository.referrers(of: subject.digest) }
        #expect(error?.code == .denied)
    }

    @Test func `row 48: an entry written between our reading and our writing survives`() async throws {
        registry.quirk { $0.hasReferrersAPI = false }
        let other = Descriptor(of: try referrer(7), .manifest)
        let theirs = try CanonicalJSON.encode(Index(manifests: [other]))
        let tag = "sha256-\(subject.digest.hex)"
        registry.fail(
            .PUT, "/manifests/\(tag)",
            .meanwhile { repositories in
                repositories["test/image", default: .init()].tags[tag] = Digest(of: theirs)
                repositories["test/image"]?.manifests[Digest(of: theirs)] = (MediaType.index.rawValue, theirs)
            })
        try await put(referrer(1))
        let found = try await repository.referrers(of: subject.digest)
        #expect(Set(found.map(\.digest)) == [other.digest, Digest(of: try referrer(1))])
    }

    @Test func `row 48: simultaneous writers lose nothing`() async throws {
        registry.quirk { $0.hasReferrersAPI = false }
        let registry = registry
        let documents = try (0..<6).map(referrer)
        _ = try await mapConcurrently(documents, limit: 6) { bytes in
            // Each writer has a memory of its own, like a separate process.
            try await RegistryRepository("test/image", over: registry, settings: .small)
                .putDocument(bytes, as: Descriptor(of: bytes, .manifest))
        }
        #expect(try await repository.referrers(of: subject.digest).count == 6)
    }

    @Test func `entries that others wrote into a fallback list are kept as they are`() async throws {
        registry.quirk { $0.hasReferrersAPI = false }
        let tag = "sha256-\(subject.digest.hex)"
        let theirs = Array(
            #"{"schemaVersion":2,"manifests":[],"mediaType":"\#(MediaType.index.rawValue)","x-unknown":[1]}"#.utf8)
        registry.put(
            "test/image",
            .init(manifests: [Digest(of: theirs): (MediaType.index.rawValue, theirs)], tags: [tag: Digest(of: theirs)]))
        try await put(referrer(0))
        let digest = try #require(registry.repositories["test/image"]?.tags[tag])
        let list = try #require(registry.repositories["test/image"]?.manifests[digest]?.bytes)
        #expect(String(decoding: list, as: UTF8.self).contains(#""x-unknown":[1]"#))
    }
}
