import Foundation
import NIOHTTP1
import OCIModel
import RegistryTesting
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// Two registries, and mirrors from one to the other that are killed.
struct MirrorTrial: Sendable {
    let fixture: CommandLineFixture
    let source: TestRegistry
    let target: TestRegistry
    let images: [String]
    let tagsOfEach: Int

    /// The requests that one death costs at most: up to three for each of sixteen blobs under way, the root and a document
    /// of each of twelve images, and the survey.
    static let inFlight = 16 * 3 + 12 * 2 + 8
    /// The mark of this trial's own requests, which are none of the mirror's.
    private static let ours: HTTPHeaders = ["X-Trial": "1"]

    /// Fills the source with images of two platforms and four layers, every third of them signed.
    static func run(images: Int, tags: Int, _ body: (MirrorTrial) async throws -> Void) async throws {
        try await CommandLineFixture.scoped { fixture in
            try await TestRegistry.run { source in
                try await TestRegistry.run { target in
                    let trial = MirrorTrial(
                        fixture: fixture, source: source, target: target, images: (0..<images).map { "i\($0)" },
                        tagsOfEach: tags)
                    try await trial.fill()
                    try await body(trial)
                }
            }
        }
    }

    /// The tags of an image: others than those of the next, so that they have only a base in common.
    private func tags(of image: String) -> [String] { (0..<tagsOfEach).map { "v\($0)-\(image)" } }

    private func fill() async throws {
        let client = RegistryClient(source)
        for image in images {
            for (number, tag) in tags(of: image).enumerated() {
                let digest = try await client.pushIndex(
                    tag, to: "src/\(image)", layers: ["a base", "of \(image)", "one of \(tag)", "another of \(tag)"]
                ).index
                guard number % 3 == 0 else { continue }
                try await client.pushImage(
                    "signature", to: "src/\(image)", subject: digest, artifactType: "application/example.signature")
            }
        }
        clear()
    }

    /// Forgets what crossed the wires.
    func clear() {
        source.wire.clear()
        target.wire.clear()
    }

    /// The requests of mirrors since the wires were cleared.
    var requests: Int {
        [source, target].reduce(0) { sum, registry in
            sum + registry.wire.requests.count { $0.header("X-Trial") == nil }
        }
    }

    /// Starts a mirror to the repositories below `place`, with records of their own for each `state`.
    func start(to place: String, state: String, _ more: String...) throws -> Program {
        // Once: a part that was started before may be reading it.
        if !fixture.names(fixture.folder).contains("\(place).yaml") {
            let lines = images.map { "  - {from: \(source.host)/src/\($0), to: \($0), tags: {glob: ['v*']}}\n" }
            try fixture.write(
                "schema: 1\ndestinations: [\(target.host)/\(place)]\nimages:\n" + lines.joined(), to: "\(place).yaml")
        }
        return try fixture.start(["mirror", "\(place).yaml", "--state", "state-\(state)"] + more, in: nil)
    }

    /// Kills a mirror when so many requests have been sent; whether it was still running.
    func kill(_ program: Program, after count: Int) async throws -> Bool {
        try await until { requests >= count || program.hasEnded }
        program.signal(SIGKILL)
        return try await program.ended().status == 137
    }

    /// Mirrors to one place after another, and kills each once, anywhere; the next run ends it, with at most 5 % more
    /// requests in all, and `waste`. A second client looks all the while.
    func killAnywhere(_ times: Int, waste: Int = 0) async throws {
        #expect(try await start(to: "undisturbed", state: "undisturbed").ended().status == 10)
        let undisturbed = requests
        for time in 0..<times {
            let place = "killed\(time)"
            clear()
            let isOver = Flag()
            async let looking: Void = look(at: place, until: isOver)
            let point = Int.random(in: 1..<undisturbed)
            let wasKilled = try await kill(try start(to: place, state: place), after: point)
            let ended = try await start(to: place, state: place).ended()
            isOver.raise()
            try await looking
            #expect(ended.status == (wasKilled ? 10 : 0) || ended.status == 0, "\(ended.errors)")
            let most = undisturbed * 105 / 100 + waste
            #expect(requests <= most, "killed at \(point): \(requests) requests, of \(undisturbed) undisturbed")
            try await expectAll(at: place)
        }
    }

    /// Looks at the tags of a place until the flag is raised: one that stands must be whole.
    private func look(at place: String, until isOver: Flag) async throws {
        var seen: Set<String> = []
        while !isOver.isRaised {
            for image in images {
                for tag in tags(of: image) where !seen.contains("\(image):\(tag)") {
                    guard let digest = try await digest(of: tag, in: "\(place)/\(image)", at: target) else { continue }
                    try await expectWhole(digest, in: "\(place)/\(image)")
                    seen.insert("\(image):\(tag)")
                }
            }
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    /// Expects every tag as the source has it, with all that is behind it, and its signature.
    func expectAll(at place: String) async throws {
        for image in images {
            for (number, tag) in tags(of: image).enumerated() {
                let digest = try #require(try await digest(of: tag, in: "src/\(image)", at: source))
                let copy = "\(place)/\(image)"
                #expect(try await self.digest(of: tag, in: copy, at: target) == digest, "\(copy):\(tag)")
                try await expectWhole(digest, in: copy)
                guard number % 3 == 0 else { continue }
                let referrers = try await ask(.GET, "/v2/\(copy)/referrers/\(digest)")
                #expect(try CanonicalJSON.decode(Index.self, from: referrers.body).manifests.count == 1)
            }
        }
    }

    private func expectWhole(_ digest: String, in repository: String) async throws {
        let document = try await ask(.GET, "/v2/\(repository)/manifests/\(digest)")
        try #require(document.status == 200, "\(repository)@\(digest) is named and missing")
        if let index = try? CanonicalJSON.decode(Index.self, from: document.body), !index.manifests.isEmpty {
            for child in index.manifests { try await expectWhole("\(child.digest)", in: repository) }
            return
        }
        let manifest = try CanonicalJSON.decode(Manifest.self, from: document.body)
        for blob in manifest.layers + [manifest.config] {
            let answer = try await ask(.HEAD, "/v2/\(repository)/blobs/\(blob.digest)")
            #expect(answer.status == 200, "\(repository)@\(digest) is named without \(blob.digest)")
        }
    }

    private func digest(of tag: String, in repository: String, at registry: TestRegistry) async throws -> String? {
        let answer = try await ask(.HEAD, "/v2/\(repository)/manifests/\(tag)", at: registry)
        return answer.status == 200 ? answer["Docker-Content-Digest"] : nil
    }

    private func ask(
        _ method: HTTPMethod, _ path: String, at registry: TestRegistry? = nil
    ) async throws -> RegistryClient.Answer {
        try await RegistryClient(registry ?? target).send(
            method, path, Self.ours + ["Accept": "\(MediaType.index.rawValue), \(MediaType.manifest.rawValue)"])
    }
}
