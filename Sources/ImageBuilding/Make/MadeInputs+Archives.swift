import ImageAssembly
import ImageDefinition
import ImageInputs
import LayerArchive
import OCIContent
import OCIModel
import Scheduling

/// What comes out of archives, and what is generated.
extension MadeInputs {
    func programs(
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

    func provided(_ file: Definition.InputFile, _ platform: Platform) async throws -> ProvidedFile {
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
        case .go: throw ImageBuildingError(.refused, "\(file.path) is not compiled")
        }
    }

    private func member(
        _ member: String, _ names: InputNames, of opened: UnpackedPackage, _ pin: Lock.Archive
    ) throws -> ProvidedFile {
        let name = names.expand(member)
        guard var entry = opened.tree[try EntryPath(name)] else {
            throw ImageBuildingError(
                .refused, "\(pin.fileName) has no member '\(name)'",
                hint: "correct 'member' in the definition; the archive has "
                    + opened.tree.sorted.prefix(8).map { String($0.path.description.dropFirst()) }.joined(
                        separator: ", "))
        }
        if case .hardLink(let original) = entry.kind { entry = opened.tree[original] ?? entry }
        guard case .regular(let content) = entry.kind else {
            throw ImageBuildingError(.refused, "the member '\(name)' of \(pin.fileName) is no regular file")
        }
        return ProvidedFile(
            content: content, date: opened.date,
            origin: .init(name: pin.fileName, path: pin.urls.first, digest: pin.sha256))
    }

    func pin(_ request: ArchiveRequest) throws -> Lock.Archive {
        guard let pin = lock.archive(request) else {
            throw ImageBuildingError(
                .refused, "the lock of \(definition.name) has no archive \(request.fileName)",
                hint: "run 'imagebuild lock'")
        }
        return pin
    }

    /// Fetches it where that is needed.
    func open(_ pin: Lock.Archive) async throws -> UnpackedPackage {
        if isOffline, !store.contains(pin.sha256, size: pin.size) { throw ImageBuildingError.offline(pin.fileName) }
        try await inputs.archives.fetch([pin], progress: note)
        let store = store
        return try await pool.run { flag in try store.open(pin, name: pin.fileName, isCancelled: { flag.isSet }) }
    }
}

extension Lock.Archive {
    var fileName: String { urls.first?.split(separator: "/").last.map(String.init) ?? "" }
}
