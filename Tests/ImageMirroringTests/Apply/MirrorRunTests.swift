import FoundationEssentials
import HTTPTypes
import ImageMirroring
import NIOHTTP1
import OCIModel
import RegistryTesting
import Testing

@Suite struct MirrorRunTests {
    private let all = "images: [{from: SOURCE/a/b, to: a/b, tags: {glob: ['*']}}]"

    @Test func `every platform and every tag arrives with its digest, and a second run sends nothing`() async throws {
        try await MirrorFixture.run { fixture in
            let one = try await fixture.client.pushIndex("v1", layers: ["base", "one"])
            let two = try await fixture.client.pushIndex("v2", layers: ["base", "two"])
            let report = try await fixture.mirror(all)
            #expect(report.lines == ["v1 created", "v2 created"] && report.verdict == .changed)
            for (tag, pushed) in [("v1", one), ("v2", two)] {
                #expect(try await fixture.digest(tag) == pushed.index.description)
                for platform in pushed.platforms { #expect(try await fixture.digest("\(platform)") != nil) }
            }
            fixture.clearWires()
            let again = try await fixture.mirror(all)
            #expect(again.lines == ["v1 unchanged", "v2 unchanged"] && again.verdict == .nothingToDo)
            #expect(fixture.requests.allSatisfy { $0.method == .head || $0.kind == .tags })
        }
    }

    @Test func `a tag that moved at its source moves, with what it stood for before in the report`() async throws {
        try await MirrorFixture.run { fixture in
            let old = try await fixture.client.pushImage("v1")
            try await fixture.mirror(all)
            let new = try await fixture.client.pushIndex("v1", layers: ["new"]).index
            let report = try await fixture.mirror(all)
            #expect(report.lines == ["v1 moved"])
            #expect(report.results[0].from == old && report.results[0].digest == new)
            #expect(try await fixture.digest("v1") == new.description)
        }
    }

    @Test func `an immutable tag that is known costs no request, and a policy of never keeps what stands`() async throws
    {
        try await MirrorFixture.run { fixture in
            try await fixture.client.pushImage("v1")
            let immutable = "images: [{from: SOURCE/a/b, to: a/b, tags: {list: [v1]}, policy: immutable}]"
            try await fixture.mirror(immutable)
            fixture.clearWires()
            #expect(try await fixture.mirror(immutable).lines == ["v1 known"])
            #expect(fixture.requests.isEmpty)
            let old = try await fixture.digest("v1")
            try await fixture.client.pushIndex("v1", layers: ["new"])
            let never = "images: [{from: SOURCE/a/b, to: a/b, tags: {list: [v1]}, policy: never}]"
            let report = try await fixture.mirror(never)
            #expect(report.lines == ["v1 kept"] && report.verdict == .refused)
            #expect(try await fixture.digest("v1") == old)
        }
    }

    @Test func `one bad image stops no other and never passes as success`() async throws {
        try await MirrorFixture.run { fixture in
            for tag in ["v1", "v2", "v3"] { try await fixture.client.pushImage(tag) }
            let lost = Digest(of: Array("layer of v2".utf8))
            #expect(try await fixture.client.send(.DELETE, "/v2/a/b/blobs/\(lost)").status == 202)
            let report = try await fixture.mirror(
                "images: [{from: SOURCE/a/b, to: a/b, tags: {list: [v1, v2, v3, v9]}}]")
            #expect(report.lines == ["v1 created", "v2 missing", "v3 created", "v9 missing"])
            #expect(report.verdict == .partlyFailed)
            #expect(try await fixture.digest("v2") == nil)
        }
    }

    @Test func `signatures and SBOMs of an image and of its platforms travel before the tag`() async throws {
        try await MirrorFixture.run { fixture in
            let image = try await fixture.client.pushIndex("v1", layers: ["base"])
            let sbom = try await fixture.client.pushImage(
                "sbom", subject: image.platforms[0], artifactType: "application/spdx+json")
            let signature = try await fixture.client.pushImage(
                "\(image.index)".replacing(":", with: "-") + ".sig")
            let report = try await fixture.mirror("images: [{from: SOURCE/a/b, to: a/b, tags: {list: [v1]}}]")
            #expect(report.lines == ["v1 created"])
            #expect(Set(report.results[0].attachments.map(\.digest)) == [sbom, signature])
            #expect(try await fixture.digest("\(image.index)".replacing(":", with: "-") + ".sig") == "\(signature)")
            let listed = try await RegistryClient(fixture.target).send(
                .GET, "/v2/m/a/b/referrers/\(image.platforms[0])")
            #expect(listed.text.contains("\(sbom)"))
            let writes = fixture.target.wire.requests.filter { $0.method == .put && $0.kind == .manifest }
            #expect(writes.last?.path.hasSuffix("/manifests/v1") == true)
        }
    }

    @Test func `what is required and absent is a failure, and no tag is set`() async throws {
        try await MirrorFixture.run { fixture in
            let image = try await fixture.client.pushIndex("v1", layers: ["base"])
            let text = "images: [{from: SOURCE/a/b, to: a/b, tags: {list: [v1]}, require: [signature, sbom]}]"
            let report = try await fixture.mirror(text)
            #expect(report.lines == ["v1 incomplete"] && report.verdict == .refused)
            #expect(report.results[0].reason?.contains("has no sbom, no signature") == true, "\(report.results)")
            #expect(try await fixture.digest("v1") == nil)
            try await fixture.client.pushImage("\(image.index)".replacing(":", with: "-") + ".sig")
            for platform in image.platforms {
                try await fixture.client.pushImage(
                    "sbom-\(platform.short)", subject: platform, artifactType: "application/vnd.cyclonedx+json")
            }
            #expect(try await fixture.mirror(text).lines == ["v1 created"])
        }
    }

    @Test func `an image in quarantine is left out, stays red, and comes back when its day has come`() async throws {
        try await MirrorFixture.run { fixture in
            for tag in ["v1", "v2"] { try await fixture.client.pushImage(tag) }
            let text =
                "images: [{from: SOURCE/a/b, to: a/b, tags: {glob: ['v*']}, "
                + "quarantine: [{tag: v2, until: 2027-01-20, reason: \"CVE\"}]}]"
            let report = try await fixture.mirror(text)
            #expect(report.lines == ["v1 created", "v2 quarantined"] && report.verdict == .partlyFailed)
            fixture.clock.advance(by: 10 * 86400)
            #expect(try await fixture.mirror(text).lines == ["v1 unchanged", "v2 created"])
        }
    }

    @Test func `two sources that want one tag are refused before anything is sent`() async throws {
        try await MirrorFixture.run { fixture in
            try await fixture.client.pushImage("v1")
            try await fixture.client.pushIndex("v1", to: "c/d", layers: ["x"])
            let report = try await fixture.mirror(
                """
                images:
                  - {from: SOURCE/a/b, to: x, tags: {glob: ["v*"]}}
                  - {from: SOURCE/c/d, to: x, tags: {list: [v1]}}
                """)
            #expect(report.lines == ["v1 unselected", "v1 unselected"] && report.verdict == .refused)
            #expect(fixture.target.wire.requests.allSatisfy { $0.method == .get || $0.method == .head })
        }
    }

    @Test func `a selection of nothing and a source that is not there are results, not success`() async throws {
        try await MirrorFixture.run { fixture in
            try await fixture.client.pushImage("v1")
            let report = try await fixture.mirror(
                """
                images:
                  - {from: SOURCE/a/b, to: x, tags: {glob: ["w*"]}}
                  - {from: SOURCE/no/where, to: y, tags: {newest: 3}}
                """)
            #expect(report.results.map(\.outcome) == [.unselected, .missing] && report.verdict == .refused)
        }
    }

    @Test func `a blob that two repositories need is read once, sent once and mounted`() async throws {
        try await MirrorFixture.run { fixture in
            try await fixture.client.pushIndex("v1", layers: ["shared"])
            try await fixture.client.pushIndex("v1", to: "c/d", layers: ["shared"])
            fixture.clearWires()
            let report = try await fixture.mirror(
                """
                images:
                  - {from: SOURCE/a/b, to: one, tags: {list: [v1]}}
                  - {from: SOURCE/c/d, to: two, tags: {list: [v1]}}
                """)
            #expect(report.lines == ["v1 created", "v1 created"])
            #expect(fixture.source.wire.requests(.blob, .get).count == 4)
            #expect(fixture.target.wire.sentBlobs.count == 4)
        }
    }

    @Test func `several destinations get one image, which is read once from its source`() async throws {
        try await MirrorFixture.run { fixture in
            let digest = try await fixture.client.pushIndex("v1", layers: ["a", "b"]).index
            fixture.clearWires()
            let report = try await fixture.mirror(
                """
                destinations: [TARGET/m, TARGET/n]
                images: [{from: SOURCE/a/b, tags: {list: [v1]}}]
                """)
            #expect(report.lines == ["v1 created", "v1 created"])
            #expect(try await fixture.digest("v1", in: "n/a/b") == "\(digest)")
            #expect(fixture.source.wire.requests(.blob, .get).count == 6)
            #expect(fixture.source.wire.requests(.manifest, .get).count == 3)
        }
    }

    @Test func `one platform is copied under the whole index's digest, where the registry takes it`() async throws {
        try await MirrorFixture.run { fixture in
            let image = try await fixture.client.pushIndex("v1", layers: ["a"])
            let report = try await fixture.mirror(
                "images: [{from: SOURCE/a/b, to: a/b, tags: {list: [v1]}, platforms: [linux/arm64]}]")
            // The embedded registry does not take an index whose manifests are missing.
            #expect(report.lines == ["v1 rejected"], "\(report.results)")
            #expect(try await fixture.digest("\(image.platforms[1])") != nil)
            #expect(try await fixture.digest("\(image.platforms[0])") == nil)
        }
    }
}
