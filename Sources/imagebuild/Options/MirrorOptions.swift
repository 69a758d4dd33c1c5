import ArgumentParser
import DurableFiles
import ImageMirroring
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
            return try MirrorRecords(current.pushing(FilePath(state)).lexicallyNormalized(), of: file)
        }
        let path = name.map { current.pushing(FilePath($0)).lexicallyNormalized() }
        let key =
            path.map { "\($0.stem ?? "mirror")-\(Digest(of: $0.bytes).short)" } ?? "plan-\(file.digest.short)"
        return try MirrorRecords(store.appending("mirror").appending(key), of: file)
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
        if let metrics {
            let path = MirrorPlaces.path(metrics)
            let before = try FileSystem.read(path, limit: 64 << 20) ?? []
            let text = report.metrics(after: String(decoding: before, as: UTF8.self))
            try FileSystem.write(Array(text.utf8), to: path)
        }
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

    /// Ends the command with the exit code of what became of the run.
    func exit(_ verdict: MirrorReport.Verdict) throws {
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

    private static func reference(_ place: String) throws -> ImageReference {
        try ImageReference(String(place.dropFirst(scheme.count)))
    }
}
