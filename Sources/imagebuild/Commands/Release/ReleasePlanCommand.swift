import ArgumentParser
import ImageReleasing
import SystemPackage

struct ReleasePlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Check the gates of a release, and say what would go where.",
        discussion: """
            Every gate leaves its evidence. A gate that is shut stops the release, unless --waive says why it may go on, \
            which the record keeps. --yes records the gates and begins the folder of the release; without it nothing is \
            written.

            EXAMPLES
              imagebuild release plan etcd.yaml --version v3.6.14 --previous v3.6.13 --source ~/etcd --tag-key keys.asc
              imagebuild release plan etcd.yaml --version v3.6.14 --previous v3.6.13 --yes \\
                --evidence tests=https://ci.example.org/4711 --waive 'clean-tree=notes of the release manager'
            """)

    @OptionGroup var options: ReleaseOptions
    @Option(
        help: ArgumentHelp(
            "A file of public OpenPGP keys that may sign tags, beside those of the release file; repeatable.",
            valueName: "file"))
    var tagKey: [String] = []
    @Option(help: ArgumentHelp("A file of SSH's allowed signers of tags.", valueName: "file"))
    var tagSigners: String?
    @Option(
        help: ArgumentHelp(
            "The folder of the Go that compiles. Default: the pinned one, if it is installed.", valueName: "dir"))
    var go: String?
    @Option(help: ArgumentHelp("The evidence for what only a person can say; repeatable.", valueName: "gate=text"))
    var evidence: [String] = []
    @Option(
        help: ArgumentHelp("Why the release goes on although a gate is shut; repeatable.", valueName: "gate=reason"))
    var waive: [String] = []
    @Option(help: "text or json.")
    var format = OutputFormat.text
    @Flag(help: "Begin the release: record the gates.")
    var yes = false

    func run() async throws {
        try await withConsole { _ in try await self.plan() }
    }

    private func plan() async throws {
        let answers = GateAnswers(
            evidence: try Self.pairs(evidence, of: "--evidence"), waivers: try Self.pairs(waive, of: "--waive"))
        let (release, git) = try await options.release()
        try await release.requireInputs(git)
        let toolchain = try GoFolders.installation(named: go, version: try? await release.pinnedGo(git))
        let results = try await withScratchFolder { scratch in
            try await GateCheck(
                release, git: git, trust: try trust(release.file), signatures: SignatureCheck(scratch: scratch),
                go: toolchain
            ).results(answers)
        }
        let plan = ReleasePlan(release, gates: results)
        switch format {
        case .text: print(plan.text(folder: options.folderPath(release)), terminator: "")
        case .json: try printJSON(plan)
        }
        try plan.requireOpen()
        guard yes else { return }
        let folder = try options.beginFolder(release)
        try folder.record(results, as: "gates", by: .plan)
        try folder.accept(toolchain)
        let tools = ["git": try await git.version(), "imagebuild": ToolIdentity.version]
        try folder.note(tools: tools, by: .plan)
        if !folder.isDone(.plan) { try folder.finish(.plan) }
        try folder.writeRecord(of: release)
    }

    private func trust(_ file: ReleaseFile) throws -> TagTrust {
        let keys = options.nearby(file.signing.tagKeys) + tagKey.map(ReleaseOptions.path)
        let signers = tagSigners.map(ReleaseOptions.path) ?? file.signing.tagSigners.map { options.nearby([$0])[0] }
        return TagTrust(keys: try OpenPGPKeys(keys), signers: signers)
    }

    /// Reads `NAME=TEXT`.
    private static func pairs(_ texts: [String], of option: String) throws -> [String: String] {
        var pairs: [String: String] = [:]
        for text in texts {
            let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2, pairs.updateValue(parts[1], forKey: parts[0]) == nil else {
                throw ValidationError("\(option) takes NAME=TEXT, once for each name, and not '\(text)'.")
            }
        }
        return pairs
    }
}

/// The places where Go is installed.
enum GoFolders {
    /// Returns the toolchain in a folder that the user names, or the one of a version where it is installed.
    static func installation(named folder: String?, version: String?) throws -> GoInstallation? {
        if let folder { return try GoInstallation(at: ReleaseOptions.path(folder)) }
        guard let version else { return nil }
        let minor = version.split(separator: ".").prefix(2).joined(separator: ".")
        return GoInstallation.find(
            version, in: ["/usr/local/go", FilePath("/usr/lib/go-\(minor)"), "/usr/lib/go"])
    }
}
