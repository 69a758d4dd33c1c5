import ImageAssembly
import ImageDefinition
import ImageInputs
import LayerArchive
import OCIContent
import OCIModel
import Scheduling
import SystemPackage

/// What a build takes from release archives, compiles or generates: everything that is in no package and no folder.
struct MadeInputs: Sendable {
    /// Of one platform.
    struct Made: Sendable {
        /// By bundled version, then by the program's name.
        var programs: [String: [String: ProvidedFile]] = [:]
        var files: [EntryPath: (file: Definition.InputFile, provided: ProvidedFile)] = [:]
    }

    var definition: Definition
    var lock: Lock
    /// The Go sources in the image's folder, by how the definition calls them.
    var folders: [String: FolderFiles]
    var isOffline: Bool
    var inputs: InputSources
    var observe: @Sendable (BuildEvent) -> Void

    var store: ContentStore { inputs.store }
    var pool: BlockingPool { inputs.pool }

    /// A program to compile, and where it goes.
    struct Job {
        var platform: Int
        var version: String?
        var name: String
        var file: Definition.InputFile?
        var program: GoProgram
        var origin: String
    }

    /// In the order of the platforms.
    func make(for platforms: [Platform]) async throws -> [Made] {
        var made = platforms.map { _ in Made() }
        var jobs: [Job] = []
        for (place, platform) in platforms.enumerated() {
            for version in definition.bundle?.versions ?? [] {
                switch definition.bundle?.origin(of: version, on: platform) {
                case .archive(let requirement):
                    made[place].programs[version.version] = try await programs(requirement, version, platform)
                case .go(let build): jobs += try await self.jobs(build, version, platform, place)
                case .packages, nil: break
                }
            }
            for file in definition.inputFiles(on: platform) {
                if case .go(let source, let package) = file.kind {
                    jobs.append(try await job(source, package, file, platform, place))
                } else {
                    made[place].files[file.path] = (file, try await provided(file, platform))
                }
            }
        }
        for (job, compiled) in zip(jobs, try await compile(jobs.map(\.program))) {
            let content = FileContent.slice(of: store.path(of: compiled.digest), offset: 0, size: compiled.size)
            let provided = ProvidedFile(content: content, date: compiled.date, origin: .init(name: job.origin))
            if let version = job.version { made[job.platform].programs[version, default: [:]][job.name] = provided }
            if let file = job.file {
                let suffix = InputNames(version: "", platform: platforms[job.platform]).executableSuffix
                let path = try EntryPath(file.path.bytes + suffix.utf8)
                made[job.platform].files[path] = (file, provided)
            }
        }
        return made
    }

    private func compile(_ programs: [GoProgram]) async throws -> [GoBuilder.Compiled] {
        guard !programs.isEmpty else { return [] }
        return try await builder().build(programs, progress: note)
    }

    func note(_ text: String) { observe(.note("\(definition.name): \(text)")) }
}
