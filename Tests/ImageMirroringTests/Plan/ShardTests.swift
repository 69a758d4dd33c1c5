import Foundation
import ImageMirroring
import OCIModel
import RegistryTesting
import Testing

@Suite struct ShardTests {
    @Test(arguments: [
        (["JOB_COMPLETION_INDEX": "0", "JOB_COMPLETIONS": "4"], "1/4"),
        (["AWS_BATCH_JOB_ARRAY_INDEX": "3", "AWS_BATCH_JOB_ARRAY_SIZE": "4"], "4/4"),
        (["CLOUD_RUN_TASK_INDEX": "1", "CLOUD_RUN_TASK_COUNT": "2"], "2/2"),
        (["SLURM_ARRAY_TASK_ID": "7", "SLURM_ARRAY_TASK_COUNT": "3", "SLURM_ARRAY_TASK_MIN": "5"], "3/3"),
        (["CI_NODE_INDEX": "1", "CI_NODE_TOTAL": "5"], "1/5"),
    ])
    func `the engine says which part this is`(_ environment: [String: String], _ expected: String) throws {
        let shard = try Shard(environment: environment)
        #expect("\(shard)" == expected && shard.origin != nil)
    }

    @Test(arguments: [
        [:], ["CI_NODE_INDEX": "0", "CI_NODE_TOTAL": "5"], ["JOB_COMPLETION_INDEX": "4", "JOB_COMPLETIONS": "4"],
        ["JOB_COMPLETION_INDEX": "1"], ["CI_NODE_INDEX": "x", "CI_NODE_TOTAL": "5"],
    ])
    func `what numbers no process is refused`(_ environment: [String: String]) {
        #expect(throws: MirrorError.self) { try Shard(environment: environment) }
    }

    @Test(arguments: ["0/2", "3/2", "1", "1/0", "a/b", "1/2/3", "-1/2"])
    func `what is no part is not read`(_ text: String) { #expect(Shard(text) == nil) }

    @Test func `parts are disjoint, whole together, and never share a destination's repository`() async throws {
        try await MirrorFixture.run { fixture in
            let images = (0..<11).map { "  - {from: SOURCE/p/i\($0), to: i\($0 / 2), tags: {list: [v1]}}\n" }.joined()
            let file = try fixture.file("images:\n" + images)
            for count in [1, 2, 3, 5, 20] {
                let parts = (1...count).compactMap { Shard("\($0)/\(count)") }.map { file.images(of: $0) }
                #expect(parts.flatMap { $0 }.sorted() == Array(0..<11))
                for part in parts { #expect(part.allSatisfy { part.contains($0 ^ 1) || $0 == 10 }) }
                if count == 3 { #expect(parts.allSatisfy { $0.count >= 3 }) }
            }
        }
    }

    @Test func `a plan is divided, applied in parts and merged; a lost part is told`() async throws {
        try await MirrorFixture.run { fixture in
            for image in 0..<4 { try await fixture.client.pushImage("v1", to: "p/i\(image)") }
            let text =
                "images:\n" + (0..<4).map { "  - {from: SOURCE/p/i\($0), to: i\($0), tags: {list: [v1]}}\n" }.joined()
            let plan = try await fixture.withRun(text) { try await $0.plan(withCost: true) }
            var reports: [MirrorReport] = []
            for shard in ["1/2", "2/2"] {
                let part = plan.part(of: try #require(Shard(shard)), in: try fixture.file(text))
                #expect(part.tags.count == 2)
                reports.append(try await fixture.withRun(text) { try await $0.apply(part) })
            }
            #expect(plan.merging(reports).lines == Array(repeating: "v1 created", count: 4))
            #expect(plan.merging(reports).verdict == .changed)
            let half = plan.merging([reports[0]])
            #expect(half.verdict == .partlyFailed)
            #expect(half.results.count { $0.reason == "no shard reports it" } == 2)
        }
    }
}
