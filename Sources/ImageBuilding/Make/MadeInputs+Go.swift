import ImageAssembly
import ImageDefinition
import ImageInputs
import LayerArchive
import OCIContent
import OCIModel
import Scheduling

/// What is compiled.
extension MadeInputs {
    func jobs(
        _ build: Definition.GoBuild, _ version: Definition.BundledVersion, _ platform: Platform, _ place: Int
    ) async throws -> [Job] {
        let source = try await source(build.source, version.version, platform)
        return (definition.bundle?.programs(of: version) ?? []).map { program in
            let compiled = GoProgram(
                name: "\(program.name) \(version.version)", platform: platform,
                package: build.source.target(program.goPackage(of: version.version) ?? "."),
                sourceIdentity: source.identity,
                openSource: source.open)
            return Job(
                platform: place, version: version.version, name: program.name, program: compiled,
                origin: "\(source.name), compiled")
        }
    }

    func job(
        _ goSource: Definition.GoSource, _ package: String, _ file: Definition.InputFile, _ platform: Platform,
        _ place: Int
    ) async throws -> Job {
        let source = try await source(goSource, definition.bundle?.latest ?? "", platform)
        let program = GoProgram(
            name: String(decoding: file.path.name, as: UTF8.self), platform: platform,
            package: goSource.target(package),
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
                throw ImageBuildingError(
                    .refused, "the lock of \(definition.name) has no source of \(version) for \(platform)",
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
        case .modules:
            let asked = source.modules(version: version) ?? []
            guard let set = lock.goModules(asked) else {
                let names = asked.map(\.description).joined(separator: ", ")
                throw ImageBuildingError(
                    .refused, "the lock of \(definition.name) has no Go modules \(names)",
                    hint: "run 'imagebuild lock'")
            }
            return Source(name: set.requested.joined(separator: ", "), identity: [try set.identity]) {
                try await open(set)
            }
        case .folder(let name):
            guard let tree = folders[name]?.tree else {
                throw ImageBuildingError(.refused, "the folder \(name) was not read")
            }
            let digest = try await pool.run { _ in try tree.contentDigest() }
            return Source(name: "the Go module in \(name)", identity: [digest]) {
                try GoSourceTree(modules: tree, date: 0)
            }
        }
    }

    func builder() throws -> GoBuilder {
        GoBuilder(store: store, pool: pool, toolchain: try toolchain(), host: inputs.host.architecture)
    }

    private func toolchain() throws -> GoToolchain {
        let host = inputs.host.architecture
        if let request = definition.toolchainRequest(host: host) {
            let pin = try pin(request)
            return GoToolchain(identity: [pin.sha256]) { try GoToolchain.tree([try await open(pin).tree]) }
        }
        guard let pins = lock.toolchainPackages(host: host) else {
            let known = (lock.toolchains ?? [:]).keys.sorted().joined(separator: ", ")
            throw ImageBuildingError(
                .refused, "the lock of \(definition.name) has no Go toolchain for \(host) machines",
                hint: known.isEmpty ? "run 'imagebuild lock'" : "it has those for \(known): build on such a machine")
        }
        return GoToolchain(identity: pins.map(\.sha256).sorted { $0.hex < $1.hex }) {
            try GoToolchain.tree(try await open(pins).map(\.contents.tree))
        }
    }

    /// Fetches published modules where that is needed.
    private func open(_ set: Lock.GoModules) async throws -> GoSourceTree {
        if isOffline, let absent = set.files.first(where: { !store.contains($0.sha256, size: $0.size) }) {
            throw ImageBuildingError.offline(absent.path)
        }
        try await inputs.goModules.fetch(set, progress: note)
        let blobs = store
        return try await pool.run { _ in
            try GoSourceTree(published: set) { file in
                .slice(of: try blobs.verifiedPath(of: file.sha256, size: file.size), offset: 0, size: file.size)
            }
        }
    }

    /// Fetches packages where that is needed.
    private func open(_ pins: [Lock.Package]) async throws -> [OpenedPackage] {
        if isOffline, let absent = pins.first(where: { !store.contains($0.sha256, size: $0.size) }) {
            throw ImageBuildingError.offline(absent.name)
        }
        try await inputs.debian.fetch(pins, releases: lock.releases) { _, _ in }
        let blobs = store
        return try await mapConcurrently(pins, limit: inputs.host.coreCount) { pin in
            try await pool.run { flag in try blobs.open(pin, isCancelled: { flag.isSet }) }
        }
    }
}

/// What is pinned before anything is made.
extension MadeInputs {
    /// Every set of published modules that the definition asks for.
    func pinModules(previous: Lock?) async throws -> [Lock.GoModules] {
        let builder = try builder()
        var sets: [Lock.GoModules] = []
        for request in definition.goModuleRequests {
            note("selecting the Go modules of \(request.modules.map(\.description).joined(separator: ", "))")
            let known = previous?.goModules(request.modules)
            sets.append(try await builder.pin(request, from: inputs.goModules, previous: known))
        }
        return sets
    }
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
