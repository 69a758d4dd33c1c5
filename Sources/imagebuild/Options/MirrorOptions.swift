import ArgumentParser
import DurableFiles
import ImageMirroring
import MetricsExposition
import OCIModel
import OCIRegistry
import SystemPackage

/// The options for a mirror's records.
struct MirrorRecordOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("Folder of ledger and journal. Default: one for the file, in the store.", valueName: "dir"))
    var state: String?
    @Flag(help: "Take the ledger's word for what destinations have; one listing shows that the tags are there.")
    var trustRecords = false
    @Option(help: ArgumentHelp("Keep a copy of the ledger there, too.", valueName: "place"))
    var ledger: String?

    func open(for file: MirrorFile, named name: String?, store: FilePath) throws -> MirrorRecords {
        let current = Surroundings.currentFolder
        if let state {
            let folder = current.pushing(FilePath(state)).lexicallyNormalized()
            return try MirrorRecords(folder, of: file, now: { Surroundings.now })
        }
        let path = name.map { current.pushing(FilePath($0)).lexicallyNormalized() }
        let key =
            path.map { "\($0.stem ?? "mirror")-\(Digest(of: $0.bytes).short)" } ?? "plan-\(file.digest.short)"
        return try MirrorRecords(store.appending("mirror").appending(key), of: file, now: { Surroundings.now })
    }
}

/// The options for a mirror's report.
struct MirrorReportOptions: ParsableArguments {
    @Option(help: "text or json.")
    var format = OutputFormat.text
    @Option(help: ArgumentHelp("Write the report as JSON.", valueName: "place"))
    var report: String?
    @Option(help: ArgumentHelp("Write the report as JUnit's XML.", valueName: "file"))
    var junit: String?
    @Option(help: ArgumentHelp("Write the report as a text file for Prometheus.", valueName: "file"))
    var metrics: String?
    @Option(
        help: ArgumentHelp(
            "Show the figures of the run to Prometheus at /metrics while it goes on; on this machine unless an address says otherwise.",
            valueName: "[address:]port"))
    var metricsPort: String?
    @Flag(help: "Print each image at its source and, by digest, at its destination, instead of the report.")
    var rewriteList = false
    @Option(help: ArgumentHelp("Write containerd's HOST/hosts.toml files into this folder.", valueName: "dir"))
    var hostsToml: String?
    @Option(help: ArgumentHelp("Write what was mirrored in the form of the Kubernetes promoter.", valueName: "file"))
    var imagesYaml: String?
    @Flag(help: "Say of each request why it is sent.")
    var explain = false
    @Option(
        help: ArgumentHelp(
            "End with exit code 0 in this case, too: changed, or partly-failed; repeatable.", valueName: "case"))
    var exitZero: [ExitCase] = []

    enum ExitCase: String, ExpressibleByArgument, CaseIterable {
        case changed
        case partlyFailed = "partly-failed"
    }

    func write(_ report: MirrorReport, _ file: MirrorFile, _ places: MirrorPlaces) async throws {
        if let place = self.report { try await places.write(CanonicalJSON.encodeForReading(report), to: place) }
        if let junit { try MirrorPlaces.write(Array(report.junit.utf8), toFile: junit) }
        if let metrics { try write(report, toMetrics: MirrorPlaces.path(metrics)) }
        if let imagesYaml { try MirrorPlaces.write(Array(report.imagesYAML.utf8), toFile: imagesYaml) }
        if let hostsToml {
            for (registry, text) in file.hostsFiles {
                let folder = MirrorPlaces.path(hostsToml).appending(registry)
                try FileSystem.makeDirectories(folder)
                try FileSystem.write(Array(text.utf8), to: folder.appending("hosts.toml"))
            }
        }
        switch format {
        case _ where rewriteList: print(report.rewriteList, terminator: "")
        case .json: try printJSON(report)
        case .text: print(report.text, terminator: "")
        }
    }

    /// Writes the figures of a whole report, and of what failed the last success that the file told of.
    private func write(_ report: MirrorReport, toMetrics path: FilePath) throws {
        let exposed = ExposedMetrics(help: MirrorMetrics.help)
        let figures = MirrorMetrics(exposed, after: try Self.text(path))
        let end = Timestamp(canonical: report.ended)?.seconds ?? Surroundings.now
        for result in report.results { figures.note(result, at: end, requests: report.requests) }
        figures.ended(at: end, requests: report.requests)
        try FileSystem.write(Array(exposed.text.utf8), to: path)
    }

    private static func text(_ path: FilePath) throws -> String {
        String(decoding: try FileSystem.read(path, limit: 64 << 20) ?? [], as: UTF8.self)
    }

    /// Begins to show the figures of the run that is going on, where that is wanted.
    func showFigures(_ console: Console) async throws -> LiveFigures? {
        guard let metricsPort else { return nil }
        let parts = metricsPort.split(separator: ":", omittingEmptySubsequences: false)
        let address = parts.count > 1 ? parts.dropLast().joined(separator: ":") : "127.0.0.1"
        guard let port = parts.last.flatMap({ Int($0) }), (0...65535).contains(port), !address.isEmpty else {
            throw CommandError(
                status: .refused, message: "'\(metricsPort)' is no port",
                hint: "write --metrics-port 9090, or 0.0.0.0:9090")
        }
        let exposed = ExposedMetrics(help: MirrorMetrics.help)
        let before = try metrics.map { try Self.text(MirrorPlaces.path($0)) } ?? ""
        do {
            let server = try await MetricsServer(exposed, address: address, port: port)
            console.note("metrics at http://\(address):\(server.port)/metrics")
            return LiveFigures(figures: MirrorMetrics(exposed, after: before), server: server)
        } catch {
            throw CommandError(
                message: "cannot listen on \(address):\(port): \(error)",
                hint: "choose another port, or 0 for any free one")
        }
    }

    /// Refuses two results, or a result and the mirror file, in one file.
    func requireDistinct(from others: [String?]) throws {
        let places = (others + [report, junit, metrics, imagesYaml]).compactMap { $0 }.map {
            MirrorPlaces.isRegistry($0) ? $0 : "\(MirrorPlaces.path($0))"
        }
        guard let twice = places.first(where: { place in places.count { $0 == place } > 1 }) else { return }
        throw ValidationError("\(printable(twice)) is named for two things.")
    }

    /// Ends the command with the exit code of what became of the run.
    func exit(_ verdict: MirrorVerdict) throws {
        let status: Int32 =
            switch verdict {
            case .nothingToDo: 0
            case .changed: exitZero.contains(.changed) ? 0 : 10
            case .partlyFailed: exitZero.contains(.partlyFailed) ? 0 : 11
            case .outOfQuota: 12
            case .refused: ExitStatus.refused.rawValue
            case .failed: ExitStatus.failed.rawValue
            }
        if status != 0 { throw ExitCode(status) }
    }
}

/// The figures of a run, and the server that shows them.
struct LiveFigures: Sendable {
    let figures: MirrorMetrics
    let server: MetricsServer

    func stop() async { await server.stop() }
}

/// Files, and artifacts in registries that are written `oci://HOST/REPOSITORY:TAG`.
struct MirrorPlaces: Sendable {
    let registries: RegistryAccess

    private static let scheme = "oci://"

    static func isRegistry(_ place: String) -> Bool { place.hasPrefix(scheme) }

    static func path(_ text: String) -> FilePath {
        Surroundings.currentFolder.pushing(FilePath(text)).lexicallyNormalized()
    }

    static func write(_ bytes: [UInt8], toFile text: String) throws { try FileSystem.write(bytes, to: path(text)) }

    func read(_ place: String) async throws -> [UInt8] {
        guard Self.isRegistry(place) else { return try UserFile.read(place) }
        return try await MirrorArtifact.pull(try Self.reference(place), registries)
    }

    /// Writes bytes; of an artifact, returns the reference by digest.
    @discardableResult
    func write(_ bytes: [UInt8], to place: String) async throws -> String? {
        guard Self.isRegistry(place) else {
            try Self.write(bytes, toFile: place)
            return nil
        }
        let reference = try Self.reference(place)
        let digest = try await MirrorArtifact.push(bytes, to: reference, registries)
        return "\(Self.scheme)\(reference.place)@\(digest)"
    }

    /// Writes a plan, piece by piece into a file.
    func write(_ plan: MirrorPlan, to place: String) async throws -> String? {
        guard !Self.isRegistry(place) else { return try await write(plan.encoded(), to: place) }
        let path = Self.path(place)
        try FileSystem.replace(path) { file in
            try plan.write { piece in
                do { try file.writeAll(piece) } catch let problem as Errno {
                    throw FileError(problem, "cannot write \(path)")
                }
            }
        }
        return nil
    }

    private static func reference(_ place: String) throws -> ImageReference {
        try ImageReference(String(place.dropFirst(scheme.count)))
    }
}
