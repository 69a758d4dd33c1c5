import ArgumentParser
import DurableFiles
import ImageMirroring
import OCIContent
import OCIModel
import OCIRegistry
import Scheduling
import SystemPackage

struct MirrorRunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Mirror what a mirror file says (the default).",
        discussion: """
            FILE is a mirror file; manifests/mirror has some, and the schema. What belongs to an image (its platforms, \
            signatures, SBOMs) is complete before its tag moves. A failure concerns one tag and stops no other. A killed run \
            is continued by the next one.

            PLACE is a file, or oci://HOST/REPOSITORY:TAG for an artifact in a registry.

            EXAMPLES
              imagebuild mirror mirror.yaml --dry-run              say what would be done
              imagebuild mirror mirror.yaml --plan plan.json       write it down, to be reviewed
              imagebuild mirror --apply plan.json                  do exactly that
              imagebuild mirror mirror.yaml --junit mirror.xml --metrics /var/lib/node-exporter/mirror.prom
              imagebuild mirror mirror.yaml --audit                compare the destinations with the records

            EXIT CODES
              0 nothing to do, 10 changed, 11 partly failed (either can be 0: --exit-zero), 12 throttled or out of quota: run it \
            again later, 2 refused, 1 failed; a plan changes nothing, and ends with what it would leave undone
            """)

    @Argument(help: "The mirror file; with --apply, the plan's own if none is named.")
    var file: String?
    @Flag(help: "Say what would be done, and do nothing.")
    var dryRun = false
    @Option(help: ArgumentHelp("Write what would be done, and do nothing.", valueName: "place"))
    var plan: String?
    @Option(help: ArgumentHelp("Do what a plan says, where nothing has changed since.", valueName: "place"))
    var apply: String?
    @Flag(help: "Compare destinations with records and sources, and change nothing.")
    var audit = false
    @Flag(help: "Remove tags that are no longer selected, within the file's limits.")
    var prune = false
    @Flag(help: "Set the tags again that --prune removed.")
    var restore = false
    @Option(help: ArgumentHelp("Do one part of several: I/N, or auto to take it from the engine.", valueName: "part"))
    var shard: String?
    @Option(help: ArgumentHelp("Merge the reports of parts of --apply's plan; repeatable.", valueName: "place"))
    var merge: [String] = []
    @OptionGroup var records: MirrorRecordOptions
    @OptionGroup var reports: MirrorReportOptions
    @OptionGroup var storeOptions: StoreOptions
    @OptionGroup var registries: RegistryOptions

    func validate() throws {
        guard file != nil || apply != nil else { throw ValidationError("name a mirror file, or a plan with --apply.") }
        let modes = [dryRun, plan != nil, apply != nil, audit, restore].count { $0 }
        guard modes <= 1 || (dryRun && plan != nil && modes == 2) else {
            throw ValidationError("--dry-run, --plan, --apply, --audit and --restore exclude each other.")
        }
        guard merge.isEmpty || apply != nil else { throw ValidationError("--merge needs the plan: --apply PLACE.") }
        try reports.requireDistinct(from: [file, plan, apply, records.ledger])
        guard !prune || apply == nil && shard == nil && !audit && !restore else {
            throw ValidationError("--prune goes with a whole run, or with --dry-run.")
        }
    }

    func run() async throws {
        try await withConsole { try await self.mirror($0) }
    }

    private func mirror(_ console: Console) async throws {
        let part = try ownShard(console)
        let named = try file.map { try MirrorFile(parsing: UserFile.read($0), file: $0) }
        // A plan in a registry is read before it is known what rules there are for registries.
        var settings = try registries.settings(RegistryOptions.sources(), console)
        var applied: (plan: MirrorPlan, file: MirrorFile)?
        if let place = apply { applied = try MirrorPlan.read(try await reading(place, settings), of: named) }
        guard let mirrorFile = named ?? applied?.file else { return }
        guard !prune || mirrorFile.images.contains(where: { $0.prune != nil }) else {
            throw MirrorError(
                .refused, "--prune would remove nothing: no image of the mirror file has the key 'prune'",
                hint: "say there how many tags may go at once: prune: {at-most: 5}")
        }
        // Many small requests wait for far registries; whoever must not be asked so much has a rate in the file.
        settings.limits.requestsPerHost = 16
        settings.limits.attemptsOf = mirrorFile.registries.compactMapValues { $0.attempts }
        let tell: @Sendable (String) -> Void = { console.note($0) }
        let meters = Meters(
            mirrorFile, shards: part?.count ?? 1, time: settings.time, now: { Surroundings.now },
            explain: reports.explain ? tell : nil)
        let (plan, storePath) = (applied?.plan, try storeOptions.path())
        let view = TransferView(console)
        defer { view.finish() }
        let shown = try await reports.showFigures(console)
        let verdict = try await RegistryNetwork.withNetwork(settings) { network in
            let access = RegistryAccess(
                network, storePath: storePath, now: { Surroundings.now },
                report: { event in
                    RequestTally.note(event)
                    view.observe(event)
                }, wrap: { meters.wrap($0) })
            let kept = try records.open(for: mirrorFile, named: file, store: storePath)
            let run = MirrorRun(
                mirrorFile, registries: access, meters: meters, records: kept,
                trustsRecords: records.trustRecords, now: { Surroundings.now },
                observe: { result in
                    console.note(result)
                    shown?.figures.note(result, at: Surroundings.now, requests: meters.requests)
                })
            let places = MirrorPlaces(registries: access)
            if dryRun || self.plan != nil {
                return try await write(try await run.plan(withCost: true), of: run, mirrorFile, part, places)
            }
            let report = try await report(of: run, mirrorFile, plan, part, kept, places, console)
            view.finish()
            shown?.figures.ended(at: Surroundings.now, requests: report.requests)
            if let place = records.ledger { try await places.write(kept.ledgerBytes(), to: place) }
            try await reports.write(report, mirrorFile, places)
            return report.verdict
        }
        await shown?.stop()
        try reports.exit(verdict)
    }

    /// Does what the options say.
    private func report(
        of run: MirrorRun, _ file: MirrorFile, _ plan: MirrorPlan?, _ part: Shard?, _ records: MirrorRecords,
        _ places: MirrorPlaces, _ console: Console
    ) async throws -> MirrorReport {
        if let plan {
            guard merge.isEmpty else { return plan.merging(try await partialReports(at: places)) }
            return try await run.apply(part.map { plan.part(of: $0, in: file) } ?? plan)
        }
        if audit { return try await run.audit(try records.standing()) }
        if restore { return try await run.restored() }
        var report = try await run.run(part)
        guard prune else { return report }
        let doomed = try run.prunable(after: report)
        for one in doomed where one.outcome == .removed { console.note("\(one.name): to be removed") }
        report.results += try await run.prune(doomed)
        report.requests = run.requests
        return report
    }

    private func partialReports(at places: MirrorPlaces) async throws -> [MirrorReport] {
        var parts: [MirrorReport] = []
        for place in merge {
            do {
                parts.append(try CanonicalJSON.decode(MirrorReport.self, from: try await places.read(place)))
            } catch {
                try Task.checkCancellation()
                // A part that is lost is told as such by the merged report.
                Terminal.writeError("warning: no report at \(place): \(error)\n")
            }
        }
        return parts
    }

    /// Writes what would be done, and returns what would be left undone.
    private func write(
        _ plan: MirrorPlan, of run: MirrorRun, _ file: MirrorFile, _ part: Shard?, _ places: MirrorPlaces
    ) async throws -> MirrorVerdict {
        let own = part.map { plan.part(of: $0, in: file) } ?? plan
        if let place = self.plan, let reference = try await places.write(own, to: place) { print(reference) }
        guard dryRun else {
            for tag in own.tags where !tag.settled.isGreen {
                let reason = tag.reason.map { ": \($0)" } ?? ""
                Terminal.writeError(printable("\(tag.name): \(tag.settled.rawValue)\(reason)") + "\n")
            }
            return own.verdict
        }
        switch reports.format {
        case .json: try printJSON(own)
        case .text: print(own.text(file.registries), terminator: "")
        }
        for one in prune ? try run.prunable(after: own) : [] {
            print("\(one.name)  \(one.reason ?? "remove, was \(one.from?.short ?? "")")")
        }
        return own.verdict
    }

    private func ownShard(_ console: Console) throws -> Shard? {
        guard let shard else { return nil }
        guard shard == "auto" else {
            guard let part = Shard(shard) else {
                throw CommandError(
                    status: .refused, message: "'\(shard)' is no part", hint: "write --shard 2/4, or auto")
            }
            return part
        }
        let part = try Shard(environment: Surroundings.environment)
        console.note("part \(part), from \(part.origin ?? "")")
        return part
    }

    private func reading(_ place: String, _ settings: NetworkSettings) async throws -> [UInt8] {
        guard MirrorPlaces.isRegistry(place) else { return try UserFile.read(place) }
        let storePath = try storeOptions.path()
        return try await RegistryNetwork.withNetwork(settings) { network in
            let access = RegistryAccess(network, storePath: storePath, now: { Surroundings.now }, report: { _ in })
            return try await MirrorPlaces(registries: access).read(place)
        }
    }
}
