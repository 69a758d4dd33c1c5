import HTTPTypes
import NIOHTTP1
import OCIModel
import RegistryTesting
import Testing

@testable import ImageMirroring

@Suite struct PruneTests {
    private func file(_ glob: String, atMost: Int = 10) -> String {
        "images: [{from: SOURCE/a/b, to: a/b, tags: {glob: ['\(glob)']}, prune: {at-most: \(atMost), keep: ['*-keep']}}]"
    }

    private func pruned(_ fixture: MirrorFixture, _ text: String) async throws -> [String] {
        try await fixture.withRun(text) { run in
            let report = try await run.run()
            return try await run.prune(run.prunable(after: report)).map { "\($0.tag) \($0.outcome.rawValue)" }
        }
    }

    @Test func `a tag that is no longer selected is removed, others' tags stay, and restore brings it back`()
        async throws
    {
        try await MirrorFixture.run { fixture in
            for tag in ["v1", "v2", "w1", "w1-keep"] { try await fixture.client.pushImage(tag) }
            try await fixture.mirror(file("*"))
            let digest = try await fixture.digest("w1")
            try await RegistryClient(fixture.target).pushImage("theirs", to: "m/a/b")
            #expect(try await pruned(fixture, file("v*")) == ["w1 removed"])
            #expect(try await fixture.digest("w1") == nil)
            for tag in ["v1", "v2", "w1-keep", "theirs"] { #expect(try await fixture.digest(tag) != nil) }
            #expect(try await pruned(fixture, file("v*")) == [])
            let restored = try await fixture.withRun(file("v*")) { try await $0.restored() }
            #expect(restored.lines == ["w1 created"])
            #expect(try await fixture.digest("w1") == digest)
        }
    }

    @Test func `nothing is removed beyond the limit, nor where anything is red or nothing is selected`() async throws {
        try await MirrorFixture.run { fixture in
            for tag in ["v1", "w1", "w2", "w3"] { try await fixture.client.pushImage(tag) }
            try await fixture.mirror(file("*"))
            #expect(try await pruned(fixture, file("v*", atMost: 2)) == [" unselected"])
            #expect(try await pruned(fixture, file("x*")) == [])
            fixture.target.faults.on(.manifest, method: .head, turns: 1...1000, .answer(401))
            #expect(try await pruned(fixture, file("v*")) == [])
            fixture.target.faults.clear()
            for tag in ["w1", "w2", "w3"] { #expect(try await fixture.digest(tag) != nil) }
        }
    }

    @Test func `two images of one destination lose only tags of the one that is pruned, and none that either keeps`()
        async throws
    {
        func file(_ glob: String, _ first: String, _ second: String) -> String {
            "images: [{from: SOURCE/a/b, to: a/b, tags: {glob: ['\(glob)']}\(first)}, "
                + "{from: SOURCE/c/d, to: a/b, tags: {glob: ['\(glob)']}\(second)}]"
        }
        try await MirrorFixture.run { fixture in
            for tag in ["v1", "w1"] { try await fixture.client.pushImage(tag) }
            for tag in ["v2", "w2", "w3"] { try await fixture.client.pushImage(tag, to: "c/d") }
            try await fixture.mirror(file("*", "", ", prune: {at-most: 5}"))
            let keeping = file("v*", ", prune: {at-most: 5}", ", prune: {at-most: 5, keep: [w*]}")
            #expect(try await pruned(fixture, keeping) == [])
            let least = file("v*", ", prune: {at-most: 9}", ", prune: {at-most: 2}")
            #expect(try await pruned(fixture, least) == [" unselected"])
            let second = file("v*", "", ", prune: {at-most: 5}")
            #expect(try await pruned(fixture, second) == ["w2 removed", "w3 removed"])
            #expect(try await fixture.digest("w1") != nil)
        }
    }

    @Test func `the requests of removing and restoring are counted`() async throws {
        try await MirrorFixture.run { fixture in
            for tag in ["v1", "w1"] { try await fixture.client.pushImage(tag) }
            try await fixture.mirror(file("*"))
            #expect(try await pruned(fixture, file("v*")) == ["w1 removed"])
            fixture.clearWires()
            let restored = try await fixture.withRun(file("v*")) { try await $0.restored() }
            #expect(restored.requests == fixture.requests.count && restored.requests > 0)
        }
    }

    @Test func `a tag that somebody else moved is not removed`() async throws {
        try await MirrorFixture.run { fixture in
            for tag in ["v1", "w1"] { try await fixture.client.pushImage(tag) }
            try await fixture.mirror(file("*"))
            let theirs = try await RegistryClient(fixture.target).pushIndex("w1", to: "m/a/b", layers: ["theirs"]).index
            #expect(try await pruned(fixture, file("v*")) == ["w1 changed"])
            #expect(try await fixture.digest("w1") == "\(theirs)")
        }
    }

    @Test func `an audit finds tags that moved, that are gone, and whose signature is gone`() async throws {
        try await MirrorFixture.run { fixture in
            for tag in ["v1", "v2", "v3"] { try await fixture.client.pushImage(tag) }
            let image = try await fixture.client.pushIndex("v4", layers: ["x"]).index
            let signature = try await fixture.client.pushImage("\(image)".replacing(":", with: "-") + ".sig")
            func audit() async throws -> [String] {
                try await fixture.withRun(file("v*")) { run in
                    try await run.audit(try run.records?.standing() ?? []).lines
                }
            }
            try await fixture.mirror(file("v*"))
            #expect(try await audit() == ["v1 unchanged", "v2 unchanged", "v3 unchanged", "v4 unchanged"])
            let target = RegistryClient(fixture.target)
            try await target.pushIndex("v1", to: "m/a/b", layers: ["theirs"])
            _ = try await target.send(.DELETE, "/v2/m/a/b/manifests/v2")
            try await fixture.client.pushIndex("v3", layers: ["newer"])
            _ = try await target.send(.DELETE, "/v2/m/a/b/manifests/\(signature)")
            #expect(try await audit() == ["v1 changed", "v2 missing", "v3 changed", "v4 incomplete"])
        }
    }
}
