import NIOHTTP1
import OCIContent
import OCIModel
import OCIRegistry
import RegistryTesting
import Scheduling
import Synchronization
import Testing

/// Tests of independent writers of one subject's fallback list, at registries that accept a list whatever the
/// condition.
@Suite struct ReferrersRaceTests {
    private let subject = Descriptor(of: Array("subject".utf8), .manifest)
    private var tag: String { "sha256-\(subject.digest.hex)" }

    /// Returns a manifest with a subject and without content of its own, like a signature.
    private func referrer(_ number: Int, of subject: Descriptor) throws -> [UInt8] {
        var index = Index(manifests: [], annotations: ["number": "\(number)"])
        index.subject = subject
        return try CanonicalJSON.encode(index)
    }

    private func digests(_ numbers: ClosedRange<Int>, of subject: Descriptor) throws -> Set<Digest> {
        Set(try numbers.map { Digest(of: try referrer($0, of: subject)) })
    }

    /// Returns a list as another writer would leave it that read before ours was written.
    private func list(_ numbers: ClosedRange<Int>) throws -> [UInt8] {
        try CanonicalJSON.encode(
            Index(manifests: numbers.map { Descriptor(of: try referrer($0, of: subject), .index) }))
    }

    private func unconditional() -> FakeRegistry {
        let registry = FakeRegistry()
        registry.quirk {
            $0.hasReferrersAPI = false
            $0.honoursConditions = false
        }
        return registry
    }

    private func overwriting(_ bytes: [UInt8]) -> FakeRegistry.Fault.Action {
        .meanwhile { [tag] repositories in
            repositories["test/image", default: .init()].tags[tag] = Digest(of: bytes)
            repositories["test/image"]?.manifests[Digest(of: bytes)] = (MediaType.index.rawValue, bytes)
        }
    }

    private func writer(at registry: FakeRegistry) -> RegistryRepository {
        RegistryRepository("test/image", over: registry, settings: .small)
    }

    private func attach(_ number: Int, by writer: RegistryRepository) async throws {
        let bytes = try referrer(number, of: subject)
        try await writer.putDocument(bytes, as: Descriptor(of: bytes, .index))
    }

    private func listed(_ registry: FakeRegistry) async throws -> Set<Digest> {
        Set(try await writer(at: registry).referrers(of: subject.digest).map(\.digest))
    }

    @Test func `a list that would exceed the size limit of documents stays as it is`() async throws {
        let registry = unconditional()
        var settings = RepositorySettings.small
        settings.documentLimit = 1000
        let writer = RegistryRepository("test/image", over: registry, settings: settings)
        let error = await #expect(throws: OCIRegistryError.self) {
            for number in 1...9 { try await attach(number, by: writer) }
        }
        #expect(error?.code == .tooLarge)
        let repository = try #require(registry.repositories["test/image"])
        let list = try #require(repository.tags[tag].flatMap { repository.manifests[$0] })
        #expect((1...1000).contains(list.bytes.count))
        #expect(try await listed(registry).isSuperset(of: digests(1...1, of: subject)))
    }

    @Test func `row 48: a list that replaced ours is completed at the end of a copy`() async throws {
        let registry = unconditional()
        // The other writer read before we wrote, and writes after we have checked what we wrote.
        registry.fail(.PUT, "/manifests/1", overwriting(try list(7...7)))
        let image = try FakeImage(platforms: 1, layers: 1, size: 200)
        let signature = try referrer(1, of: subject)
        let source = MemorySource(image.blobs + image.manifests + [image.index, signature])
        let plan = try await CopyPlan(reading: [image.root, Descriptor(of: signature, .index)], from: source)
        let destination = writer(at: registry)
        try await plan.putContent(to: destination, from: source)
        try await plan.setNames(at: destination, [("1", image.root.digest)])
        #expect(try await listed(registry) == digests(1...1, of: subject).union(digests(7...7, of: subject)))
    }

    @Test func `row 48: entries that a writer lost are restored with its next one`() async throws {
        let registry = unconditional()
        let destination = writer(at: registry)
        try await attach(1, by: destination)
        registry.fail(.GET, "/manifests/\(tag)", overwriting(try list(7...7)))
        try await attach(2, by: destination)
        #expect(try await listed(registry) == digests(1...2, of: subject).union(digests(7...7, of: subject)))
    }

    @Test func `row 48: a writer that never succeeds ends with a conflict`() async throws {
        let registry = unconditional()
        let destination = writer(at: registry)
        try await attach(1, by: destination)
        registry.fail(.GET, "/manifests/\(tag)", overwriting(try list(7...7)), times: 100)
        let error = await #expect(throws: OCIRegistryError.self) { try await destination.confirm() }
        #expect(error?.code == .conflict)
        #expect(registry.count(.PUT, "/manifests/\(tag)") == 9)
    }

    @Test(arguments: [409, 412, 429, 500, 503] as [UInt])
    func `row 48: a list that could not be written is read again before the next attempt`(status: UInt) async throws {
        let registry = FakeRegistry()
        registry.quirk { $0.hasReferrersAPI = false }
        registry.fail(.PUT, "/manifests/\(tag)", .status(status))
        try await attach(1, by: writer(at: registry))
        let requests = registry.log.filter { $0.target.contains(tag) }.map(\.method)
        #expect(requests == [.GET, .PUT, .GET, .PUT])
    }

    @Test func `row 48: all entries of three writers are listed in the end, whatever their order`() async throws {
        let orders = Self.orders(of: ["A": 2, "B": 2, "C": 2])
        #expect(orders.count == 90)
        _ = try await mapConcurrently(orders, limit: 10) { order in
            let registry = unconditional()
            let turns = Turns(order)
            let writers = "ABC".map { name in
                RegistryRepository(
                    "test/image", over: OrderedRegistry(registry: registry, turns: turns, name: name),
                    settings: .small)
            }
            _ = try await mapConcurrently(Array(writers.enumerated()), limit: 3) { try await attach($0, by: $1) }
            for writer in writers { try await writer.confirm() }
            #expect(try await listed(registry) == digests(0...2, of: subject), "\(order)")
        }
    }

    /// Returns all words with this many of each letter.
    private static func orders(of letters: [Character: Int]) -> [String] {
        guard letters.values.contains(where: { $0 > 0 }) else { return [""] }
        return letters.keys.sorted().filter { letters[$0] ?? 0 > 0 }.flatMap { letter in
            orders(of: letters.merging([letter: -1], uniquingKeysWith: +)).map { String(letter) + $0 }
        }
    }

    @Test func `row 48: three simultaneous writers for each of many subjects lose nothing over the wire`() async throws
    {
        try await TestRegistry.run(quirks: [.noReferrers(status: 404), .noConditions]) { registry in
            let subjects = (0..<4).map { Descriptor(of: noise(100, seed: UInt8($0)), .manifest) }
            let trials = subjects.flatMap { subject in (0..<3).map { (subject, $0) } }
            let host = try RegistryHost(registry.host)
            var settings = RepositorySettings()
            settings.firstPause = .milliseconds(500)
            let network = ConnectionFixture().settings { $0.requestsPerHost = trials.count }
            try await RegistryNetwork.withNetwork(network) { [settings] network in
                let connection = try network.connection(to: host)
                _ = try await mapConcurrently(trials, limit: trials.count) { subject, number in
                    // The delays are the same each time, and about as long as the time between reading and writing.
                    let start = subject.digest.hex.utf8.dropFirst(number * 4).prefix(4).reduce(0) { $0 + Int($1) % 8 }
                    try await Task.sleep(for: .milliseconds(start))
                    // Each writer has a memory of its own, like a separate process.
                    let writer = RegistryRepository("test/image", over: connection, settings: settings)
                    let bytes = try referrer(number, of: subject)
                    try await writer.putDocument(bytes, as: Descriptor(of: bytes, .index))
                    try await writer.confirm()
                }
                let reader = RegistryRepository("test/image", over: connection)
                for subject in subjects {
                    let found = Set(try await reader.referrers(of: subject.digest).map(\.digest))
                    #expect(try found == digests(0...2, of: subject))
                }
            }
        }
    }
}
/// The order of turns, letter by letter; after the last one, everyone may proceed.
/// Whose turn it is, letter by letter; behind the last one everybody's.
private final class Turns: Sendable {
    private let rest: Mutex<Substring>

    init(_ order: String) { rest = Mutex(order[...]) }

    func wait(for name: Character) async throws {
        while rest.withLock({ $0.first ?? name }) != name { try await Task.sleep(for: .milliseconds(1)) }
    }

    func pass() { rest.withLock { $0 = $0.dropFirst() } }
}

/// A writer's route to a registry, on which its requests for fallback lists wait for their turn.
private struct OrderedRegistry: RegistryTransport {
    let registry: FakeRegistry
    let turns: Turns
    let name: Character
    var host: String { registry.host }

    func send<R: Sendable>(
        _ request: RegistryRequest, _ use: @Sendable (RegistryResponse) async throws -> R
    ) async throws -> R {
        guard request.target.text.contains("/manifests/sha256-") else { return try await registry.send(request, use) }
        try await turns.wait(for: name)
        defer { turns.pass() }
        return try await registry.send(request, use)
    }
}
