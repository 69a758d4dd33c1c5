import ArgumentParser
import OCIModel
import OCIRegistry

struct RegistryProbeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "probe",
        abstract: "Find out what a registry does, and what the mirror will therefore do.",
        discussion: """
            REPOSITORY is HOST/NAME[:TAG]. Only reads, at most one manifest of them a pull, unless --scratch names \
            another repository of the registry that may be written to: uploads are begun there and cancelled, a tag is set \
            and removed. What cannot be removed again is said.

            EXAMPLES
              imagebuild registry probe registry.k8s.io/etcd
              imagebuild registry probe registry.example.org/k8s/etcd --scratch k8s/probe --format json
            """)

    @Argument(help: "The repository, and the tag that serves as an example.")
    var repository: String
    @Option(help: ArgumentHelp("A repository of the registry in which to try what writing shows.", valueName: "name"))
    var scratch: String?
    @Option(help: "text or json.")
    var format = OutputFormat.text
    @OptionGroup var registries: RegistryOptions
    @OptionGroup var loginOptions: LoginOptions

    func run() async throws {
        try await withConsole { try await self.probe($0) }
    }

    private func probe(_ console: Console) async throws {
        let reference = try ImageReference(repository)
        let scratch = try scratch.map { try RepositoryName($0) }
        let probe = try await loginOptions.withNetwork(registries, loginFor: reference.host, console) { network in
            try await RegistryProbe(
                of: reference, writingTo: scratch, over: try network.connection(to: reference.host))
        }
        switch format {
        case .json: try printJSON(probe)
        case .text: print(printable(probe.text), terminator: "")
        }
    }
}

extension RegistryProbe {
    /// The findings as a person reads them, each with its evidence and its consequence.
    fileprivate var text: String {
        var lines = ["\(registry)/\(repository)"]
        let width = Capability.allCases.map(\.rawValue.count).max() ?? 0
        for finding in findings {
            let name = finding.capability.rawValue
            let gap = String(repeating: " ", count: width - name.count + 2)
            lines.append(name + gap + finding.support.rawValue + (finding.detail.map { ": \($0)" } ?? ""))
            lines += finding.evidence.map { "    \($0.request) -> \($0.answer)" }
            lines.append("    so: \(finding.consequence)")
        }
        if !leftBehind.isEmpty { lines.append("left behind: " + leftBehind.joined(separator: ", ")) }
        return lines.joined(separator: "\n") + "\n"
    }
}
