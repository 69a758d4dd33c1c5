import ImageAssembly
import ImageDefinition
import ImageInputs
import LayerArchive
import OCIContent
import OCIModel
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
    var store: ContentStore
    var pool: BlockingPool
    var archive: DebianArchive
    var releases: ReleaseArchives
    var console: Console

    /// A program to compile, and where it goes.
    private struct Job {
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
        let builder = GoBuilder(
            store: store, pool: pool, toolchain: try toolchain(), host: Surroundings.architecture)
        return try await builder.build(programs) { console.note("\(definition.name): \($0)") }
    }
}

/// What comes out of archives, and what is generated.
extension MadeInputs {
    private func programs(
        _ requirement: Definition.ArchiveRequirement, _ version: Definition.BundledVersion, _ platform: Platform
    ) async throws -> [String: ProvidedFile] {
        let names = InputNames(version: version.version, platform: platform)
        let pin = try pin(requirement.request(names))
        let opened = try await open(pin)
        var programs: [String: ProvidedFile] = [:]
        for program in definition.bundle?.programs(of: version) ?? [] {
            programs[program.name] = try member(program.member ?? "", names, of: opened, pin)
        }
        return programs
    }

    private func provided(_ file: Definition.InputFile, _ platform: Platform) async throws -> ProvidedFile {
        switch file.kind {
        case .archive(let requirement, let member):
            let names = InputNames(version: definition.bundle?.latest ?? "", platform: platform)
            let pin = try pin(requirement.request(names))
            return try self.member(member, names, of: try await open(pin), pin)
        case .text(let text):
            let versions = (definition.bundle?.versions ?? []).map { $0.version + "\n" }.joined()
            let content = text.replacing("${versions}", with: versions)
            return ProvidedFile(
                content: .bytes(Array(content.utf8)), date: 0, origin: .init(name: "the image's definition"))
        case .go: throw CommandError(message: "\(file.path) is not compiled")
        }
    }

    private func member(
        _ member: String, _ names: InputNames, of opened: UnpackedPackage, _ pin: Lock.Archive
    ) throws -> ProvidedFile {
        let name = names.expand(member)
        guard var entry = opened.tree[try EntryPath(name)] else {
            throw CommandError(
                status: .refused, message: "\(pin.fileName) has no member '\(name)'",
                hint: "correct 'member' in the definition; the archive has "
                    + opened.tree.sorted.prefix(8).map { String($0.path.description.dropFirst()) }.joined(
                        separator: ", "))
        }
        if case .hardLink(let original) = entry.kind { entry = opened.tree[original] ?? entry }
        guard case .regular(let content) = entry.kind else {
            throw CommandError(status: .refused, message: "the member '\(name)' of \(pin.fileName) is no regular file")
        }
        return ProvidedFile(
            content: content, date: opened.date,
            origin: .init(name: pin.fileName, path: pin.urls.first, digest: pin.sha256))
    }

    private func pin(_ request: ArchiveRequest) throws -> Lock.Archive {
        guard let pin = lock.archive(request) else {
            throw CommandError(
                status: .refused, message: "the lock of \(definition.name) has no archive \(request.fileName)",
                hint: "run 'imagebuild lock'")
        }
        return pin
    }

    /// Fetches it where that is needed.
    private func open(_ pin: Lock.Archive) async throws -> UnpackedPackage {
        if isOffline, !store.contains(pin.sha256, size: pin.size) { throw missing(pin.fileName) }
        try await releases.fetch([pin]) { console.note("\(definition.name): \($0)") }
        let store = store
        return try await pool.run { flag in try store.open(pin, name: pin.fileName, isCancelled: { flag.isSet }) }
    }

    private func missing(_ name: String) -> CommandError {
        CommandError(
            message: "not in the store, and --offline forbids to fetch: \(name)", hint: "build once without --offline")
    }
}

/// What is compiled.
extension MadeInputs {
    private func jobs(
        _ build: Definition.GoBuild, _ version: Definition.BundledVersion, _ platform: Platform, _ place: Int
    ) async throws -> [Job] {
        let source = try await source(build.source, version.version, platform)
        return (definition.bundle?.programs(of: version) ?? []).map { program in
            let compiled = GoProgram(
                name: "\(program.name) \(version.version)", platform: platform,
                package: program.goPackage(of: version.version) ?? ".", sourceIdentity: source.identity,
                openSource: source.open)
            return Job(
                platform: place, version: version.version, name: program.name, program: compiled,
                origin: "\(source.name), compiled")
        }
    }

    private func job(
        _ goSource: Definition.GoSource, _ package: String, _ file: Definition.InputFile, _ platform: Platform,
        _ place: Int
    ) async throws -> Job {
        let source = try await source(goSource, definition.bundle?.latest ?? "", platform)
        let program = GoProgram(
            name: String(decoding: file.path.name, as: UTF8.self), platform: platform, package: package,
            sourceIdentity: source.identity, openSource: source.open)
        return Job(
            platform: place, name: program.name, file: file, program: program,
            origin: "\(source.name), compiled")
    }

    private struct Source {
        var name: String
        var identity: [Digest]
        var open: @Sendable () async throws -> GoSourceTree
    }

    private func source(
        _ source: Definition.GoSource, _ version: String, _ platform: Platform
    ) async throws -> Source {
        switch source {
        case .packages(let name, _):
            let pins = lock.inputs(for: platform).sources?[version] ?? []
            guard let library = pins.first(where: { $0.name == name }) else {
                throw CommandError(
                    status: .refused,
                    message: "the lock of \(definition.name) has no source of \(version) for \(platform)",
                    hint: "run 'imagebuild lock'")
            }
            return Source(name: "\(name) \(library.version)", identity: pins.map(\.sha256).sorted { $0.hex < $1.hex }) {
                try GoSourceTree(packages: try await open(pins).map(\.contents))
            }
        case .archive(let requirement):
            let pin = try pin(requirement.request(InputNames(version: version, platform: platform)))
            return Source(name: pin.fileName, identity: [pin.sha256]) {
                let opened = try await open(pin)
                return try GoSourceTree(modules: opened.tree, date: opened.date)
            }
        case .folder(let name):
            guard let tree = folders[name]?.tree else { throw CommandError(message: "the folder \(name) was not read") }
            let digest = try await pool.run { _ in try tree.contentDigest() }
            return Source(name: "the Go module in \(name)", identity: [digest]) {
                try GoSourceTree(modules: tree, date: 0)
            }
        }
    }

    private func toolchain() throws -> GoToolchain {
        let host = Surroundings.architecture
        if let request = definition.toolchainRequest(host: host) {
            let pin = try pin(request)
            return GoToolchain(identity: [pin.sha256]) { try GoToolchain.tree([try await open(pin).tree]) }
        }
        guard let pins = lock.toolchainPackages(host: host) else {
            let known = (lock.toolchains ?? [:]).keys.sorted().joined(separator: ", ")
            throw CommandError(
                status: .refused, message: "the lock of \(definition.name) has no Go toolchain for \(host) machines",
                hint: known.isEmpty ? "run 'imagebuild lock'" : "it has those for \(known): build on such a machine")
        }
        return GoToolchain(identity: pins.map(\.sha256).sorted { $0.hex < $1.hex }) {
            try GoToolchain.tree(try await open(pins).map(\.contents.tree))
        }
    }

    /// Fetches packages where that is needed.
    private func open(_ pins: [Lock.Package]) async throws -> [OpenedPackage] {
        if isOffline, let absent = pins.first(where: { !store.contains($0.sha256, size: $0.size) }) {
            throw missing(absent.name)
        }
        try await archive.fetch(pins, releases: lock.releases) { _, _ in }
        let blobs = store
        return try await mapConcurrently(pins, limit: Surroundings.coreCount) { pin in
            try await pool.run { flag in try blobs.open(pin, isCancelled: { flag.isSet }) }
        }
    }
}

extension Lock.Archive {
    fileprivate var fileName: String { urls.first?.split(separator: "/").last.map(String.init) ?? "" }
}

extension ImageFolder {
    /// The Go sources in the image's folder, looked at and not read: a change of any makes the image new.
    func goFolders() throws -> [String: FolderFiles] {
        var sources = definition.inputFiles.compactMap { file in
            if case .go(let source, _) = file.kind { source } else { nil }
        }
        if let build = definition.bundle?.go { sources.append(build.source) }
        var folders: [String: FolderFiles] = [:]
        for case .folder(let name) in sources where folders[name] == nil {
            let whole = Definition.ExtraFile(source: name, path: .root, mode: nil, owner: .init())
            folders[name] = try FolderFiles([whole], in: path, for: Platform(os: "linux", architecture: ""))
        }
        return folders
    }
}
