import HTTPTypes
import ImageMirroring
import OCIModel
import RegistryTesting
import Testing

/// Registries that limit, lie and go away.
@Suite struct FaultTests {
    private let file = "images: [{from: SOURCE/a/b, to: a/b, tags: {list: [v1, v2]}}]"

    @Test func `what a registry throttles is not missing, and the run says to come again`() async throws {
        try await MirrorFixture.run { fixture in
            for tag in ["v1", "v2"] { try await fixture.client.pushImage(tag) }
            fixture.source.faults.on(.referrers, turns: 1...1000, .answer(429))
            let report = try await fixture.mirror(file)
            #expect(report.lines == ["v1 throttled", "v2 throttled"] && report.verdict == .outOfQuota)
            #expect(try await fixture.digest("v1") == nil)
            fixture.source.faults.clear()
            #expect(try await fixture.mirror(file).verdict == .changed)
        }
    }

    @Test(arguments: [RequestKind.blob, .manifest, .tags, .referrers, .uploadStart, .uploadFinish])
    func `one refusal for the time being is waited out on every path`(_ kind: RequestKind) async throws {
        // A registry that takes blobs in one request has no end of an upload.
        try await MirrorFixture.run(targetQuirks: kind == .uploadFinish ? [.singlePostIgnored] : []) { fixture in
            for tag in ["v1", "v2"] { try await fixture.client.pushImage(tag) }
            let all = "images: [{from: SOURCE/a/b, to: a/b, tags: {glob: ['v*']}}]"
            for (status, headers) in [(429, ["retry-after": "1"]), (503, [:])] as [(Int, [String: String])] {
                var fields = HTTPFields()
                for (name, value) in headers { if let name = HTTPField.Name(name) { fields[name] = value } }
                for registry in [fixture.source, fixture.target] {
                    registry.faults.on(kind, turns: 1...2, .answer(status, fields))
                }
            }
            #expect(try await fixture.mirror(all).lines == ["v1 created", "v2 created"])
        }
    }

    @Test func `a registry that refuses a tag together with its digest has all tags, and is soon not asked for that`()
        async throws
    {
        try await MirrorFixture.run(targetQuirks: [.tagByDigest(status: 501)]) { fixture in
            for tag in 0..<30 { try await fixture.client.pushImage("v\(tag)") }
            let all = "images: [{from: SOURCE/a/b, to: a/b, tags: {glob: ['v*']}}]"
            let report = try await fixture.mirror(all)
            #expect(report.results.count == 30 && report.results.allSatisfy { $0.outcome == .created })
            // Only by those images that were under way before the first answer.
            #expect((1...12).contains(fixture.target.wire.putManifests.count { $0.path.contains("?tag=") }))
        }
    }

    @Test func `a quota of pulls that one image takes is not spent on parts of several`() async throws {
        // An index and its two platforms are three pulls.
        let file = """
            registries: {SOURCE: {pulls: {count: 3, per: 6h}}}
            images: [{from: SOURCE/a/b, to: a/b, tags: {glob: ['v*']}}]
            """
        try await MirrorFixture.run { fixture in
            for tag in 0..<4 { try await fixture.client.pushIndex("v\(tag)", layers: ["layer \(tag)"]) }
            for run in 1...4 {
                let report = try await fixture.mirror(file)
                #expect(report.results.count { $0.outcome == .created } == 1)
                #expect(report.verdict == (run < 4 ? .outOfQuota : .changed))
                fixture.clock.advance(by: 6 * 3600)
            }
        }
    }

    @Test func `a quota of pulls ends the run as out of quota, and the next one goes on`() async throws {
        try await MirrorFixture.run { fixture in
            for tag in ["v1", "v2", "v3"] { try await fixture.client.pushImage(tag) }
            let limited =
                "registries: {SOURCE: {pulls: {count: 2, per: 6h}}}\n"
                + "images: [{from: SOURCE/a/b, to: a/b, tags: {list: [v1, v2, v3]}}]"
            let report = try await fixture.mirror(limited)
            #expect(report.results.count { $0.outcome == .throttled } == 1 && report.verdict == .outOfQuota)
            // The time of the quota goes on over several runs.
            fixture.clock.advance(by: 6 * 3600 - 1)
            fixture.clearWires()
            #expect(try await fixture.mirror(limited).verdict == .outOfQuota)
            #expect(fixture.source.wire.requests(.manifest, .get).isEmpty)
            fixture.clock.advance(by: 1)
            fixture.clearWires()
            #expect(try await fixture.mirror(limited).verdict == .changed)
            #expect(fixture.source.wire.requests(.manifest, .get).count == 1)
        }
    }

    @Test(arguments: [400, 404])
    func `a registry that sees late what it was given is asked again, and a part that is not there is not waited for`(
        _ status: Int
    ) async throws {
        let unseen = #"{"errors":[{"code":"MANIFEST_BLOB_UNKNOWN","message":"not yet"}]}"#
        try await MirrorFixture.run { fixture in
            try await fixture.client.pushImage("v1")
            try await fixture.client.pushIndex("v2", layers: ["a"])
            fixture.target.faults.on(.manifest, method: .put, turns: 1...2, .answer(status, body: unseen))
            #expect(
                try await fixture.mirror("images: [{from: SOURCE/a/b, to: a/b, tags: {list: [v1]}}]").lines == [
                    "v1 created"
                ])
            // One platform of two: nobody said that the other is there.
            fixture.target.faults.clear()
            fixture.clearWires()
            let sparse =
                "images: [{from: SOURCE/a/b, to: sparse, tags: {list: [v2]}, platforms: [linux/amd64], referrers: none}]"
            #expect(try await fixture.mirror(sparse).lines != ["v2 created"])
            let puts = fixture.target.wire.requests(.manifest, .put)
            #expect(Set(puts.map(\.path)).count == puts.count, "\(puts)")
        }
    }

    @Test func `a destination that goes away is red, and nothing half is named`() async throws {
        try await MirrorFixture.run { fixture in
            for tag in ["v1", "v2"] { try await fixture.client.pushImage(tag) }
            fixture.target.faults.on(.uploadStart, turns: 3...1000, .answer(503))
            let report = try await fixture.mirror(file)
            #expect(Set(report.results.map(\.outcome)).contains(.unreachable))
            for result in report.results where !result.outcome.isGreen {
                #expect(try await fixture.digest(result.tag) == nil)
            }
        }
    }

    @Test(arguments: [Quirk.TagLink.toItself, .ring, .otherHost])
    func `a listing that never ends or leads elsewhere is refused, and nothing is taken from it`(
        _ link: Quirk.TagLink
    ) async throws {
        try await MirrorFixture.run(sourceQuirks: [.tagLink(link)]) { fixture in
            try await fixture.client.pushImage("v1")
            let report = try await fixture.mirror("images: [{from: SOURCE/a/b, to: a/b, tags: {glob: ['v*']}}]")
            #expect(report.results.count == 1 && !report.results[0].outcome.isGreen, "\(report.lines)")
            #expect(fixture.target.wire.requests.isEmpty)
        }
    }

    @Test func `an image of Docker's first schema has an end of its own`() async throws {
        try await MirrorFixture.run(sourceQuirks: [.noDigestHeaders]) { fixture in
            for tag in ["v1", "v2"] { try await fixture.client.pushImage(tag) }
            let old = #"{"schemaVersion":1,"name":"a/b","tag":"v1","fsLayers":[],"history":[],"signatures":[]}"#
            fixture.source.faults.on(.manifest, method: .get, turns: 1...1, .editBody { _ in Array(old.utf8) })
            let report = try await fixture.mirror(file)
            #expect(Set(report.results.map(\.outcome)) == [.invalid, .created], "\(report.results)")
            #expect(report.verdict == .partlyFailed)
        }
    }

    @Test func `signatures that only a second registry has are copied from there by their tag`() async throws {
        try await MirrorFixture.run(sourceQuirks: [.noReferrers(status: 404)]) { fixture in
            let image = try await fixture.client.pushIndex("v1", layers: ["a"])
            let name = "\(image.index)".replacing(":", with: "-") + ".sig"
            let signature = try await fixture.client.pushImage(name, to: "origin")
            let report = try await fixture.mirror(
                "images: [{from: SOURCE/a/b, to: a/b, tags: {list: [v1]}, signatures-from: SOURCE/origin, require: [signature]}]"
            )
            #expect(report.lines == ["v1 created"], "\(report.results)")
            #expect(try await fixture.digest(name) == "\(signature)")
            #expect(fixture.source.wire.requests(.manifest, .get).allSatisfy { !$0.path.hasSuffix("\(signature)") })
        }
    }
}
