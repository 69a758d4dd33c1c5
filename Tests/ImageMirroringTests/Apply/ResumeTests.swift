import Foundation
import HTTPTypes
import ImageMirroring
import NIOHTTP1
import OCIModel
import RegistryTesting
import SystemPackage
import TestSupport
import Testing

@Suite struct ResumeTests {
    private let file = "images: [{from: SOURCE/a/b, to: a/b, tags: {glob: ['v*']}}]"

    private func fill(_ fixture: MirrorFixture) async throws {
        for tag in 0..<8 { try await fixture.client.pushIndex("v\(tag)", layers: ["base", "layer \(tag)"]) }
        fixture.clearWires()
    }

    @Test(arguments: [1, 5, 20, 40, 50]) func `a run that ends anywhere is continued, with hardly a request more`(
        _ writes: Int
    ) async throws {
        var undisturbed = 0
        try await MirrorFixture.run { fixture in
            try await fill(fixture)
            try await fixture.mirror(file)
            undisturbed = fixture.requests.count
        }
        try await MirrorFixture.run { fixture in
            try await fill(fixture)
            let run = Task { try await fixture.mirror(file) }
            try await untilWritten(writes, fixture)
            run.cancel()
            _ = await run.result
            for tag in 0..<8 {
                // A name that stands is whole.
                guard let digest = try await fixture.digest("v\(tag)") else { continue }
                #expect(try await fixture.digest("v\(tag)", in: "a/b", at: fixture.source) == digest)
            }
            let asked = fixture.requests.count { $0.headers[.accept] == "*/*" }
            let report = try await fixture.mirror(file)
            #expect(report.results.allSatisfy { $0.outcome.isGreen } && report.results.count == 8)
            // What was under way when it ended is asked for again: so many images at once, and their parts; and again it is
            // tried how blobs are taken.
            let waste = fixture.requests.count - asked - undisturbed
            #expect(waste <= 8 * 12 + 24, "\(waste) of \(undisturbed)")
            // Of the small blobs under way, any may be sent again: that takes no more requests than to ask for it.
            let sent = fixture.target.wire.sentBlobs
            #expect(sent.count - Set(sent.map { $0.path.split(separator: "digest=").last ?? "" }).count <= 16)
        }
    }

    private func untilWritten(_ count: Int, _ fixture: MirrorFixture) async throws {
        try await until {
            fixture.target.wire.requests.count { $0.kind == .manifest } + fixture.target.wire.sentBlobs.count >= count
        }
    }

    @Test func `a repository that a dead run began is new for the next one, which reads no image again`() async throws {
        try await MirrorFixture.run { fixture in
            try await fill(fixture)
            // The first image's index is not taken, when everything else of it is there.
            let hold = Flag()
            fixture.target.faults.on(.manifest, turns: 1...1000, .holdUntil { hold.isRaised })
            let run = Task { try await fixture.mirror(file) }
            try await until { fixture.target.wire.requests.contains { $0.kind == .manifest } }
            run.cancel()
            _ = await run.result
            hold.raise()
            let closures = fixture.folder.appending("records/closures")
            #expect(try FileManager.default.contentsOfDirectory(atPath: closures.string).isEmpty == false)
            fixture.clearWires()
            #expect(try await fixture.mirror(file).verdict == .changed)
            #expect(fixture.target.wire.requests(.uploadFinish).isEmpty, "a blob of a new repository takes one request")
            #expect(!FileManager.default.fileExists(atPath: closures.string))
        }
    }

    @Test func `what was read of an image by the time of a death is not read again`() async throws {
        try await MirrorFixture.run { fixture in
            try await fixture.client.pushIndex("v1", layers: ["base"])
            fixture.clearWires()
            // The index is answered, and no other document.
            let hold = Flag()
            fixture.source.faults.on(.manifest, method: .get, turns: 2...1000, .holdUntil { hold.isRaised })
            let run = Task { try await fixture.mirror(file) }
            try await until { fixture.source.wire.requests(.manifest).count > 1 }
            run.cancel()
            _ = await run.result
            hold.raise()
            fixture.clearWires()
            #expect(try await fixture.mirror(file).lines == ["v1 created"])
            #expect(!fixture.source.wire.requests(.manifest).contains { $0.path.hasSuffix("/v1") })
        }
    }

    @Test(arguments: [(0, false), (599, false), (600, true)])
    func `what was read before a death is not read again, until it is so old that it may have changed`(
        seconds: Int64, isFound: Bool
    ) async throws {
        try await MirrorFixture.run { fixture in
            let digest = try await fixture.client.pushIndex("v1", layers: ["base"]).index
            let hold = Flag()
            fixture.target.faults.onPutManifests(turns: 1...1000, .holdUntil { hold.isRaised })
            let run = Task { try await fixture.mirror(file) }
            try await until { !fixture.target.wire.putManifests.isEmpty }
            run.cancel()
            _ = await run.result
            hold.raise()
            try await fixture.client.pushImage("signature", subject: digest, artifactType: "application/example")
            fixture.clock.advance(by: seconds)
            fixture.clearWires()
            #expect(try await fixture.mirror(file).verdict == .changed)
            #expect(fixture.source.wire.requests(.manifest).isEmpty != isFound, "nothing is read again")
            let answer = try await RegistryClient(fixture.target).send(.GET, "/v2/m/a/b/referrers/\(digest)")
            #expect(try CanonicalJSON.decode(Index.self, from: answer.body).manifests.isEmpty != isFound)
        }
    }

    @Test(arguments: [(3599, "v1 known"), (3600, "v1 moved")])
    func `a tag that a dead run set is looked at by a run that comes an hour later`(
        seconds: Int64, line: String
    ) async throws {
        let file = """
            images:
              - {from: SOURCE/a/b, to: a/b, tags: {list: [v1]}, referrers: none}
              - {from: SOURCE/c/d, to: c/d, tags: {glob: ['*']}}
            """
        try await MirrorFixture.run { fixture in
            for repository in ["a/b", "c/d"] {
                try await fixture.client.pushIndex("v1", to: repository, layers: ["old"])
            }
            // Only the second image's tags are listed.
            let hold = Flag()
            fixture.source.faults.on(.tags, turns: 1...1000, .holdUntil { hold.isRaised })
            let run = Task { try await fixture.mirror(file) }
            let ledger = URL(filePath: fixture.folder.appending("records/ledger.jsonl").string)
            try await until { (try? Data(contentsOf: ledger))?.isEmpty == false }
            run.cancel()
            _ = await run.result
            hold.raise()
            try await fixture.client.pushIndex("v1", to: "a/b", layers: ["new"])
            fixture.clock.advance(by: seconds)
            #expect(try await fixture.mirror(file).lines == ["v1 created", line])
        }
    }

    @Test func `a signature that only a second registry has is read from there after a death, too`() async throws {
        let file = "images: [{from: SOURCE/a/b, to: a/b, tags: {list: [v1]}, signatures-from: SOURCE/signed/b}]"
        try await MirrorFixture.run { fixture in
            let digest = try await fixture.client.pushIndex("v1", layers: ["base"]).index
            try await fixture.client.pushImage(
                "signature", to: "signed/b", subject: digest, artifactType: "application/example")
            let hold = Flag()
            fixture.target.faults.on(.uploadStart, turns: 1...1000, .holdUntil { hold.isRaised })
            let run = Task { try await fixture.mirror(file) }
            try await until { !fixture.target.wire.requests(.uploadStart).isEmpty }
            run.cancel()
            _ = await run.result
            hold.raise()
            #expect(try await fixture.mirror(file).lines == ["v1 created"])
        }
    }

    @Test func `an ended run leaves no journal, so the next one asks the registries`() async throws {
        try await MirrorFixture.run { fixture in
            try await fill(fixture)
            try await fixture.mirror(file)
            _ = try await RegistryClient(fixture.target).send(.DELETE, "/v2/m/a/b/manifests/v3")
            #expect(try await fixture.mirror(file).lines.contains("v3 created"))
        }
    }

    @Test func `a ledger that was changed is refused, and one with a line torn off is continued`() async throws {
        try await MirrorFixture.run { fixture in
            try await fill(fixture)
            try await fixture.mirror(file)
            let path = fixture.folder.appending("records/ledger.jsonl").string
            let text = try String(contentsOfFile: path, encoding: .utf8)
            try (text + #"{"previous":"#).write(toFile: path, atomically: true, encoding: .utf8)
            #expect(try await fixture.mirror(file).verdict == .nothingToDo)
            #expect(try String(contentsOfFile: path, encoding: .utf8) == text)
            let lines = text.split(separator: "\n")
            try (lines.dropFirst(2).joined(separator: "\n") + "\n").write(
                toFile: path, atomically: true, encoding: .utf8)
            await #expect(throws: MirrorError.self) { try await fixture.mirror(file) }
        }
    }
}
