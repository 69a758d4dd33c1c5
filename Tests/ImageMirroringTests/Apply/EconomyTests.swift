import HTTPTypes
import ImageMirroring
import OCIModel
import RegistryTesting
import Scheduling
import Testing

/// The requests of a mirror of many tags with two platforms and ten layers each, as they cross the wire.
@Suite struct EconomyTests {
    private let file = "images: [{from: SOURCE/a/b, to: a/b, tags: {glob: ['v*']}}]"

    /// Fills the source: for each tag of an image and each platform a configuration and some layers of its own, beside
    /// layers that all share.
    private func fill(
        _ fixture: MirrorFixture, _ images: [String] = ["a/b"], tags: Int, platforms: [String] = ["amd64", "arm64"],
        shared: Int = 8, own: Int = 2
    ) async throws {
        let client = fixture.client
        let shared = (0..<shared).map { Array("a layer of all images, \($0)".utf8) }
        for image in images { for layer in shared { try await client.push(layer, to: image) } }
        let all = images.flatMap { image in (0..<tags).map { (image, $0) } }
        _ = try await mapConcurrently(all, limit: 8) { image, tag in
            var entries: [Descriptor] = []
            for platform in platforms {
                let own = (0..<own).map { Array("layer \($0) of \(image) \(tag) for \(platform)".utf8) }
                let config = Array(#"{"architecture":"\#(platform)","os":"linux","of":"\#(image) \#(tag)"}"#.utf8)
                for blob in own + [config] { try await client.push(blob, to: image) }
                let manifest = try Encoded(
                    Manifest(
                        config: Descriptor(mediaType: .config, digest: Digest(of: config), size: Int64(config.count)),
                        layers: (shared + own).map {
                            Descriptor(mediaType: .layerTar, digest: Digest(of: $0), size: Int64($0.count))
                        }), as: .manifest, platform: Platform(os: "linux", architecture: platform))
                _ = try await client.put(manifest.bytes, as: "\(manifest.descriptor.digest)", in: image)
                entries.append(manifest.descriptor)
            }
            let index = try Encoded(Index(manifests: entries), as: .index)
            _ = try await client.put(index.bytes, as: "v\(tag)", in: image, type: MediaType.index.rawValue)
        }
        fixture.clearWires()
    }

    @Test func `the first run reads and writes everything once, and the next asks for heads alone`() async throws {
        try await MirrorFixture.run { fixture in
            try await fill(fixture, tags: 50)
            let report = try await fixture.mirror(file)
            #expect(report.verdict == .changed && report.results.count == 50)
            #expect(fixture.source.wire.requests(.blob).count == 308)
            #expect(fixture.source.wire.requests(.manifest).count == 150)
            #expect(fixture.target.wire.sentBlobs.count == 308)
            #expect(fixture.requests.count <= 1690, "\(fixture.requests.count)")
            #expect(report.requests == fixture.requests.count)

            fixture.clearWires()
            #expect(try await fixture.mirror(file).verdict == .nothingToDo)
            #expect(fixture.requests.filter { $0.method == .head }.count == 100)
            #expect(fixture.requests.filter { $0.kind == .tags }.count == 1)
            #expect(fixture.requests.count == 101)

            fixture.clearWires()
            #expect(try await fixture.mirror(file, trustsRecords: true).verdict == .nothingToDo)
            #expect(fixture.requests.count == 52, "50 heads at the source, a listing on each side")
        }
    }

    @Test func `a registry that takes no blob in one request is asked once, and has two for each`() async throws {
        try await MirrorFixture.run(targetQuirks: [.singlePostIgnored]) { fixture in
            try await fill(fixture, tags: 10)
            #expect(try await fixture.mirror(file).verdict == .changed)
            #expect(fixture.target.wire.requests(.uploadStart).count { $0.path.contains("?digest=") } == 1)
            #expect(fixture.target.wire.requests(.uploadStart).count == 68)
            #expect(fixture.target.wire.requests(.uploadFinish).count == 68)
            #expect(fixture.source.wire.requests(.blob).count == 69, "what was sent in vain is read again")
        }
    }

    @Test func `without referrers the first run is at its floor`() async throws {
        try await MirrorFixture.run { fixture in
            try await fill(fixture, tags: 10)
            let plain = "images: [{from: SOURCE/a/b, to: a/b, tags: {glob: ['v*']}, referrers: none}]"
            #expect(try await fixture.mirror(plain).verdict == .changed)
            // 68 blobs and 30 manifests are read; 68 are sent, and 30 manifests written, an index together with its tag;
            // two listings. Of the blobs on their way at once, one shows that one request is enough.
            let (reads, writes) = (68 + 30, 68 + 30)
            #expect((0..<24).contains(fixture.requests.count - reads - writes - 2), "\(fixture.requests.count)")
        }
    }

    @Test func `twenty repositories of five tags with three platforms take as few requests as were promised`()
        async throws
    {
        try await MirrorFixture.run { fixture in
            let images = (0..<20).map { "p/i\($0)" }
            try await fill(fixture, images, tags: 5, platforms: ["amd64", "arm64", "ppc64le"], shared: 3, own: 1)
            let lines = images.map { "  - {from: SOURCE/\($0), to: \($0), tags: {glob: ['v*']}}\n" }
            #expect(try await fixture.mirror("images:\n" + lines.joined()).verdict == .changed)
            #expect(fixture.requests.count <= 2600, "\(fixture.requests.count)")
        }
    }

    @Test
    func `a layer that all images share is read and sent once, and mounted where a registry has no referrers API`()
        async throws
    {
        let quirk: Set<Quirk> = [.noReferrers(status: 404), .singlePostIgnored]
        try await MirrorFixture.run(sourceQuirks: quirk, targetQuirks: quirk) { fixture in
            let (images, tags) = (4, 5)
            for image in 0..<images {
                for tag in 0..<tags {
                    try await fixture.client.pushIndex(
                        "v\(tag)", to: "p/i\(image)", platforms: ["amd64", "arm64", "ppc64le"],
                        layers: ["a base", "layer of \(image) \(tag)"])
                }
            }
            fixture.clearWires()
            let names = (0..<tags).map { "v\($0)" }.joined(separator: ", ")
            let file =
                "images:\n"
                + (0..<images).map { "  - {from: SOURCE/p/i\($0), to: i\($0), tags: {list: [\(names)]}}\n" }.joined()
            #expect(try await fixture.mirror(file).verdict == .changed)
            let documents = images * tags * 4
            // A configuration for each tag and platform is the same in all images; so is the base.
            let (own, shared) = (images * tags * 3, (tags + 1) * 3)
            let reads = documents + own + shared
            let writes = documents + 2 * (own + shared) + (images - 1) * shared
            // A listing on each side and one question for the referrers API, for each repository. The blob that shows that
            // one POST is not enough is read twice.
            #expect(fixture.requests.count == reads + writes + 3 * images + 1)
            fixture.clearWires()
            #expect(try await fixture.mirror(file).verdict == .nothingToDo)
            #expect(fixture.requests.count == 2 * images * tags && fixture.requests.allSatisfy { $0.method == .head })
        }
    }
}
