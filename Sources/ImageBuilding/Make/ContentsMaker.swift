import ImageAssembly
import ImageDefinition
import ImageInputs
import LayerArchive
import OCIModel

/// Makes what each platform's image consists of: opens its packages, archives and base image, and compiles its programs.
struct ContentsMaker: Sendable {
    private let definition: Definition
    private let added: AddedPrograms?
    private let lock: Lock
    private let files: FolderInputs
    private let opener: PinOpener
    private let baseImages: BaseImages
    private let observe: @Sendable (BuildEvent) -> Void

    init(
        _ request: BuildRequest, _ lock: Lock, _ files: FolderInputs, _ sources: InputSources,
        _ observe: @escaping @Sendable (BuildEvent) -> Void
    ) {
        let definition = request.definition
        self.definition = definition
        added = request.programs
        self.lock = lock
        self.files = files
        self.observe = observe
        opener = PinOpener(
            inputs: sources, releases: lock.releases, isOffline: request.isOffline,
            note: { observe(.note("\(definition.name): \($0)")) }, stage: StageObserver(tellingOn: observe))
        baseImages = BaseImages(folder: request.folder, inputs: sources, observe: observe)
    }

    private var archives: ArchiveMembers {
        ArchiveMembers(name: definition.name, archives: lock.archives ?? [], opener: opener)
    }

    /// Makes the contents of every platform, in the order of the index.
    func contents() async throws -> [PlatformContents] {
        let compiled = try await compile()
        let opened = try await openPackages()
        var contents: [PlatformContents] = []
        for platform in files.platforms { contents.append(try await self.contents(of: platform, opened, compiled)) }
        return contents
    }

    private func contents(
        of platform: FolderInputs.PlatformFiles, _ opened: [Digest: OpenedPackage],
        _ compiled: [CompiledProgram.Key: ProvidedFile]
    ) async throws -> PlatformContents {
        let pins = lock.inputs(for: platform.platform)
        func packages(_ pins: [Lock.Package]) throws -> [OpenedPackage] {
            try pins.map { pin in
                guard let contents = opened[pin.sha256]?.contents else {
                    throw ImageBuildingError(.notFound, "package \(pin.name) \(pin.version) was not opened")
                }
                // One file may be pinned by several indexes.
                return OpenedPackage(pin: pin, contents: contents)
            }
        }
        var inputs = try await inputFiles(of: platform.platform, compiled)
        try inputs.files.merge(added?.files(on: platform.platform) ?? [:]) { own, _ in
            throw ImageBuildingError(
                .refused, "the release has a program for \(own.file.path), where the image's definition has a file",
                hint: "change one of the two paths")
        }
        return PlatformContents(
            platform: platform.platform, base: try packages(pins.base), bundle: try pins.bundle.mapValues(packages),
            provided: try await programs(of: platform.platform, compiled), inputFiles: inputs.files,
            folders: inputs.folders, files: platform.files.tree,
            baseImage: try await baseImages.base(of: platform.platform, lock, isOffline: opener.isOffline))
    }

    private func compile() async throws -> [CompiledProgram.Key: ProvidedFile] {
        let sources = GoSources(name: definition.name, lock: lock, folders: files.goFolders, opener: opener)
        var programs: [CompiledProgram] = []
        for platform in files.platforms {
            programs += try await sources.programs(of: definition, on: platform.platform)
        }
        return try await sources.compile(programs, for: definition)
    }

    /// Opens the packages of all platforms; those that several share once.
    private func openPackages() async throws -> [Digest: OpenedPackage] {
        var pins: [Digest: Lock.Package] = [:]
        var order: [Lock.Package] = []
        for platform in files.platforms.map(\.platform) {
            let packages = lock.packages(for: platform)
            if !packages.isEmpty { observe(.opening(platform, packages)) }
            order += packages.filter { pins.updateValue($0, forKey: $0.sha256) == nil }
        }
        let opened = try await opener.open(order, opened: { [observe] in observe(.opened($0)) })
        return Dictionary(opened.map { ($0.pin.sha256, $0) }) { first, _ in first }
    }

    /// The bundled programs that are in no package, by version and name.
    private func programs(
        of platform: Platform, _ compiled: [CompiledProgram.Key: ProvidedFile]
    ) async throws -> [String: [String: ProvidedFile]] {
        var found: [String: [String: ProvidedFile]] = [:]
        guard let bundle = definition.bundle else { return found }
        for version in bundle.versions {
            switch bundle.origin(of: version, on: platform) {
            case .archive(let requirement):
                let members = Dictionary(bundle.programs(of: version).map { ($0.name, $0.member ?? "") }) { $1 }
                found[version.version] = try await archives.files(
                    members, of: requirement, InputNames(version: version.version, platform: platform))
            case .go:
                for program in bundle.programs(of: version) {
                    let role = CompiledProgram.Key.Role.bundled(version: version.version, name: program.name)
                    found[version.version, default: [:]][program.name] = compiled[.init(platform: platform, role: role)]
                }
            case .packages, nil: break
            }
        }
        return found
    }

    /// The definition's input files, by their paths in the image, and the folders among them.
    private func inputFiles(
        of platform: Platform, _ compiled: [CompiledProgram.Key: ProvidedFile]
    ) async throws -> (
        files: [EntryPath: (file: Definition.InputFile, provided: ProvidedFile)], folders: [ProvidedFolder]
    ) {
        var found: [EntryPath: (file: Definition.InputFile, provided: ProvidedFile)] = [:]
        var folders: [ProvidedFolder] = []
        let names = InputNames(version: definition.bundle?.latest ?? "", platform: platform)
        for file in definition.inputFiles(on: platform) {
            switch file.kind {
            case .archive(let requirement, let member):
                switch try await archives.input(member, for: file, of: requirement, names) {
                case .file(let provided): found[file.path] = (file, provided)
                case .folder(let folder): folders.append(folder)
                }
            case .text(let text): found[file.path] = (file, generated(text))
            case .go:
                let path = try EntryPath(file.path.bytes + names.executableSuffix.utf8)
                found[path] = compiled[.init(platform: platform, role: .file(file.path))].map { (file, $0) }
            }
        }
        return (found, folders)
    }

    private func generated(_ text: String) -> ProvidedFile {
        let versions = (definition.bundle?.versions ?? []).map { $0.version + "\n" }.joined()
        let content = text.replacing("${versions}", with: versions)
        return ProvidedFile(
            content: .bytes(Array(content.utf8)), date: 0, origin: .init(name: "the image's definition"))
    }
}
