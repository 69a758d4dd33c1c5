import HTTPTypes
import ImageMirroring
import OCIModel
import RegistryTesting
import Testing

@Suite struct MirrorPlanTests {
    private let file = "images: [{from: SOURCE/a/b, to: a/b, tags: {glob: ['v*']}}]"

    @Test func `a plan says what would be sent, mounted and found, and changes nothing`() async throws {
        try await MirrorFixture.run { fixture in
            try await fixture.client.pushIndex("v1", layers: ["base", "one"])
            try await fixture.client.pushIndex("v2", layers: ["base", "two"])
            try await fixture.client.pushIndex("v2", to: "c/d", layers: ["base", "two"])
            let text = file.replacing("}}]", with: "}}, {from: SOURCE/c/d, to: c/d, tags: {list: [v2]}}]")
            let plan = try await fixture.withRun(text) { try await $0.plan(withCost: true) }
            #expect(
                plan.tags.map(\.name).map { $0.split(separator: "/").suffix(2).joined(separator: "/") } == [
                    "a/b:v1", "a/b:v2", "c/d:v2",
                ])
            #expect(plan.tags.allSatisfy { $0.change == .create && $0.root != nil && $0.from == nil })
            let costs = plan.tags.compactMap(\.cost)
            #expect(costs.map(\.blobsToSend) == [6, 4, 6] && costs.map(\.documents) == [3, 3, 3])
            #expect(costs.map(\.pulls) == [3, 3, 3] && plan.cost.bytesToSend > 0)
            #expect(fixture.target.wire.requests.allSatisfy { $0.method == .get || $0.method == .head })
        }
    }

    @Test func `a plan's file is read again, and applied exactly`() async throws {
        try await MirrorFixture.run { fixture in
            let digest = try await fixture.client.pushIndex("v1", layers: ["one"]).index
            let plan = try await fixture.withRun(file) { try await $0.plan(withCost: false) }
            let read = try MirrorPlan.read(plan.encoded()).0
            let bytes = try read.encoded()
            #expect(try read == plan && bytes == plan.encoded())
            let report = try await fixture.withRun(file) { try await $0.apply(read) }
            #expect(report.lines == ["v1 created"])
            #expect(try await fixture.digest("v1") == "\(digest)")
            let again = try await fixture.withRun(file) { try await $0.apply(read) }
            #expect(again.lines == ["v1 unchanged"] && again.verdict == .nothingToDo)
        }
    }

    @Test func `a tag is refused whose source or destination changed since the plan, and the others are set`()
        async throws
    {
        try await MirrorFixture.run { fixture in
            for tag in ["v1", "v2", "v3"] { try await fixture.client.pushImage(tag) }
            let plan = try await fixture.withRun(file) { try await $0.plan(withCost: false) }
            try await fixture.client.pushIndex("v1", layers: ["moved"])
            let other = try await RegistryClient(fixture.target).pushImage("v2", to: "m/a/b", artifactType: "x/y")
            let report = try await fixture.withRun(file) { try await $0.apply(plan) }
            #expect(report.lines == ["v1 changed", "v2 changed", "v3 created"] && report.verdict == .partlyFailed)
            #expect(try await fixture.digest("v1") == nil)
            #expect(try await fixture.digest("v2") == "\(other)")
            let reasons = report.results.compactMap(\.reason).joined(separator: "\n")
            #expect(reasons.contains("when the plan was made") && reasons.contains("moved by another client"))
        }
    }

    @Test func `a tag that the plan found unchanged is refused where it has moved since, at either end`() async throws {
        try await MirrorFixture.run { fixture in
            for tag in ["v1", "v2", "v3"] { try await fixture.client.pushImage(tag) }
            _ = try await fixture.withRun(file) { try await $0.run() }
            let plan = try await fixture.withRun(file) { try await $0.plan(withCost: false) }
            #expect(plan.tags.allSatisfy { $0.change == .unchanged })
            try await fixture.client.pushIndex("v1", layers: ["moved"])
            try await RegistryClient(fixture.target).pushImage("v2", to: "m/a/b", artifactType: "x/y")
            let report = try await fixture.withRun(file) { try await $0.apply(plan) }
            #expect(report.lines == ["v1 changed", "v2 changed", "v3 unchanged"] && report.verdict == .partlyFailed)
            let reasons = report.results.compactMap(\.reason)
            #expect(reasons.count == 2 && reasons.allSatisfy { $0.contains("when the plan was made") })
        }
    }

    @Test func `a plan of another state of the file, or with what the file does not have, is refused`() async throws {
        try await MirrorFixture.run { fixture in
            try await fixture.client.pushImage("v1")
            let plan = try await fixture.withRun(file) { try await $0.plan(withCost: false) }
            let bytes = try plan.encoded()
            #expect(throws: MirrorError.self) {
                try MirrorPlan.read(bytes, of: fixture.file(file + "\n# changed"))
            }
            let text = String(decoding: bytes, as: UTF8.self)
            for changed in [
                text.replacing("m/a/b", with: "m/x"), text.replacing("\"schema\":1", with: "\"schema\":2"), "{",
            ] {
                #expect(throws: MirrorError.self) {
                    try MirrorPlan.read(Array(changed.utf8), of: fixture.file(file))
                }
            }
        }
    }
}
