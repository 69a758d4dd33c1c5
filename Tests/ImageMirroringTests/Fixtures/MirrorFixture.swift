import ImageMirroring
import NIOHTTP1
import OCIContent
import OCIModel
import OCIRegistry
import RegistryTesting
import Scheduling
import Synchronization
import SystemPackage
import TestSupport
import Testing

/// A source and a destination over real connections, and a folder for a mirror's records.
struct MirrorFixture: Sendable {
    let source: TestRegistry
    let target: TestRegistry
    let folder: FilePath
    /// The time that runs see, in seconds since the epoch.
    var clock: TestClock { source.clock }

    static func run(
        sourceQuirks: Set<Quirk> = [], targetQuirks: Set<Quirk> = [],
        _ body: (MirrorFixture) async throws -> Void
    ) async throws {
        try await withTemporaryFolder { folder in
            try await TestRegistry.run(quirks: sourceQuirks) { source in
                try await TestRegistry.run(quirks: targetQuirks) { target in
                    try await body(MirrorFixture(source: source, target: target, folder: folder))
                }
            }
        }
    }

    /// A client that fills the source.
    var client: RegistryClient { RegistryClient(source) }

    /// Reads a mirror file in which `SOURCE` and `TARGET` stand for the two registries. Without destinations of its own it
    /// has one, the path `m` of the target.
    func file(_ text: String) throws -> MirrorFile {
        let head = text.contains("destinations:") ? "" : "destinations: [TARGET/m]\n"
        let whole = ("schema: 1\n" + head + text).replacing("SOURCE", with: source.host).replacing(
            "TARGET", with: target.host)
        return try MirrorFile(parsing: Array(whole.utf8), file: "mirror.yaml")
    }

    /// Hands out a run of a mirror file, with the records of earlier ones.
    func withRun<Result: Sendable>(
        _ text: String, trustsRecords: Bool = false, keepsRecords: Bool = true,
        explain: (@Sendable (String) -> Void)? = nil, _ body: (MirrorRun) async throws -> Result
    ) async throws -> Result {
        let file = try file(text)
        var settings = NetworkSettings(
            time: Timing(pause: { _ in try Task.checkCancellation() }, jitter: { 0 }), warn: { _ in })
        (settings.limits.connect, settings.limits.idle) = (.hanging, .hanging)
        let meters = Meters(file, time: settings.time, now: { [clock] in clock.now }, explain: explain)
        return try await RegistryNetwork.withNetwork(settings) { network in
            let registries = RegistryAccess(
                network, storePath: folder, now: { [clock] in clock.now }, report: { RequestTally.note($0) },
                wrap: { meters.wrap($0) })
            let records =
                keepsRecords
                ? try MirrorRecords(folder.appending("records"), of: file, now: { [clock] in clock.now }) : nil
            return try await body(
                MirrorRun(
                    file, registries: registries, meters: meters, records: records, trustsRecords: trustsRecords,
                    now: { [clock] in clock.now }))
        }
    }

    @discardableResult
    func mirror(_ text: String, trustsRecords: Bool = false) async throws -> MirrorReport {
        try await withRun(text, trustsRecords: trustsRecords) { try await $0.run() }
    }

    /// Forgets what crossed the wire.
    func clearWires() {
        source.wire.clear()
        target.wire.clear()
    }

    /// The requests to both registries.
    var requests: [WireLog.Entry] { source.wire.requests + target.wire.requests }

    func digest(_ tag: String, in repository: String = "m/a/b", at registry: TestRegistry? = nil) async throws
        -> String?
    {
        let answer = try await RegistryClient(registry ?? target).send(
            .HEAD, "/v2/\(repository)/manifests/\(tag)", ["Accept": "*/*"])
        return answer.status == 200 ? answer["Docker-Content-Digest"] : nil
    }
}

extension MirrorReport {
    /// Each result as `tag outcome`, sorted.
    var lines: [String] { results.map { "\($0.tag) \($0.outcome.rawValue)" }.sorted() }
}
