import DurableFiles
import ImageAssembly
import ImageDefinition
import LayerArchive
import OCIContent
import OCIModel
import SystemPackage

/// The tests of one platform's image: each bundled program reports its version, and the script of the definition ends
/// well.
struct ImageTest: Sendable {
    let definition: Definition
    let script: String?
    let root: TestRoot

    private static let programLimit = Duration.seconds(120)
    private static let scriptLimit = Duration.seconds(1800)

    /// Returns what was found good, in words.
    ///
    /// - Throws: `ImageBuildingError` (`failed`) with everything that was not.
    func run() async throws -> [String] {
        var (passed, failed): ([String], [String]) = ([], [])
        for (path, version) in claims {
            let fault = try await fault(of: path, version)
            if let fault { failed.append("\(path) \(fault)") } else { passed.append("\(path) reports \(version)") }
        }
        if let script, let name = definition.test, failed.isEmpty {
            let (output, succeeded) = try await root.run(["/bin/sh", "-euc", script, name], within: Self.scriptLimit)
            if succeeded { passed.append("\(name) succeeds") } else { failed.append("\(name) fails:\n\(output)") }
        }
        guard failed.isEmpty else {
            throw ImageBuildingError(
                .failed,
                "the image \(definition.name) for \(root.platform) fails its tests:\n"
                    + failed.map { "  \($0)" }.joined(separator: "\n"))
        }
        return passed
    }

    /// The programs of the bundle by their paths, with their versions; the newest under its short name too.
    private var claims: [(path: EntryPath, version: String)] {
        guard let bundle = definition.bundle else { return [] }
        return bundle.versions.flatMap { version in
            bundle.programs(of: version).flatMap { program in
                let short = version.version == bundle.latest ? [program.name] : []
                return (["\(program.name)-\(version.version)"] + short).compactMap { name in
                    (try? bundle.directory.appending(name)).map { ($0, version.version) }
                }
            }
        }
    }

    /// Returns why a program does not have a version, or `nil` if it does. It is asked by an option, then by a command.
    private func fault(of path: EntryPath, _ version: String) async throws -> String? {
        var outputs: [String] = []
        for question in ["--version", "version"] {
            let (output, succeeded) = try await root.run([path.description, question], within: Self.programLimit)
            outputs.append(output)
            guard succeeded, let reported = VersionNumber.first(in: output) else { continue }
            return "\(reported)" == version ? nil : "reports \(reported), not \(version)"
        }
        return "does not report its version: \(outputs.joined())"
    }
}
