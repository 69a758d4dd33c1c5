import ImageAssembly
import ImageDefinition
import ImageInputs
import LayerArchive
import OCIContent
import OCIModel

/// A program that is compiled for an image.
struct CompiledProgram: Sendable {
    /// The program's entry in the image of a platform.
    struct Key: Hashable, Sendable {
        enum Role: Hashable, Sendable {
            case bundled(version: String, name: String)
            case file(EntryPath)
        }

        var platform: Platform
        var role: Role
    }

    var key: Key
    var program: GoProgram
    /// Its origin, for people.
    var origin: String
}

extension GoSources {
    /// Finds every program that an image has compiled for a platform.
    func programs(of definition: Definition, on platform: Platform) async throws -> [CompiledProgram] {
        var found: [CompiledProgram] = []
        for version in definition.bundle?.versions ?? [] {
            guard case .go(let build) = definition.bundle?.origin(of: version, on: platform) else { continue }
            let source = try await source(build.source, version.version, platform)
            for program in definition.bundle?.programs(of: version) ?? [] {
                let package = build.source.target(program.goPackage(of: version.version) ?? ".")
                let role = CompiledProgram.Key.Role.bundled(version: version.version, name: program.name)
                let title = "\(program.name) \(version.version)"
                found.append(CompiledProgram(.init(platform: platform, role: role), title, package, source))
            }
        }
        for file in definition.inputFiles(on: platform) {
            guard case .go(let goSource, let package) = file.kind else { continue }
            let source = try await source(goSource, definition.bundle?.latest ?? "", platform)
            let title = String(decoding: file.path.name, as: UTF8.self)
            let key = CompiledProgram.Key(platform: platform, role: .file(file.path))
            found.append(CompiledProgram(key, title, goSource.target(package), source))
        }
        return found
    }

    /// Compiles programs, all at once: they share the toolchain and what several of them need.
    func compile(
        _ programs: [CompiledProgram], for definition: Definition
    ) async throws -> [CompiledProgram.Key: ProvidedFile] {
        guard !programs.isEmpty else { return [:] }
        let toolchains = GoToolchains(
            definition: definition, archives: lock.archives ?? [], packages: lock.toolchains ?? [:])
        let compiled = try await opener.goBuilder(toolchains).build(programs.map(\.program), stage: opener.stage)
        let store = opener.inputs.store
        let files = zip(programs, compiled).map { program, compiled in
            let content = FileContent.slice(
                of: store.path(of: compiled.digest), offset: 0, size: compiled.size, digest: compiled.digest)
            return (
                program.key,
                ProvidedFile(
                    content: content, date: compiled.date, origin: .init(name: program.origin), isExecutable: true)
            )
        }
        return Dictionary(files) { first, _ in first }
    }
}

extension CompiledProgram {
    fileprivate init(_ key: Key, _ title: String, _ package: String, _ source: GoSources.Source) {
        self.key = key
        program = GoProgram(
            name: title, platform: key.platform, package: package, sourceIdentity: source.identity,
            openSource: source.open)
        origin = "\(source.name), compiled"
    }
}
