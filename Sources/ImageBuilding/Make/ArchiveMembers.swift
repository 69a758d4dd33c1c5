import ImageAssembly
import ImageDefinition
import LayerArchive
import OCIModel

/// Files that an image takes out of release archives.
struct ArchiveMembers: Sendable {
    /// The image's name, for messages.
    var name: String
    var archives: [Lock.Archive]
    var opener: PinOpener

    /// Takes members out of one archive: their paths there, by what the files are called in the result.
    ///
    /// - Throws: `ImageBuildingError` (`refused`) for an archive that is not locked, and a member that is not there or no
    ///   regular file.
    func files<Key: Hashable>(
        _ members: [Key: String], of requirement: Definition.ArchiveRequirement, _ names: InputNames
    ) async throws -> [Key: ProvidedFile] {
        let pin = try archives.pin(requirement.request(names), of: name)
        let opened = try await opener.open(pin)
        return try members.mapValues { try file(names.expand($0), of: opened, pin) }
    }

    /// Takes a file, or a folder with everything below it, out of an archive.
    ///
    /// - Throws: `ImageBuildingError` (`refused`) for a member that is not there, or that no image can have.
    func input(
        _ member: String, for file: Definition.InputFile, of requirement: Definition.ArchiveRequirement,
        _ names: InputNames
    ) async throws -> ArchiveInput {
        let pin = try archives.pin(requirement.request(names), of: name)
        let opened = try await opener.open(pin)
        let member = names.expand(member)
        let path = try EntryPath(member)
        guard opened.singleFileNames(pin.fileName) == nil,
            path.isRoot || opened.tree.isDirectory(path) || opened.tree.missingParents.contains(path)
        else {
            return .file(try self.file(member, of: opened, pin))
        }
        let tree = try ArchiveFolder(path: path, of: opened.tree, archive: pin.fileName).tree(for: file)
        return .folder(ProvidedFolder(tree: tree, date: opened.date, origin: origin(pin)))
    }

    private func origin(_ pin: Lock.Archive) -> FileOrigin {
        .init(name: pin.fileName, path: pin.urls.first, digest: pin.sha256)
    }

    private func file(_ member: String, of opened: UnpackedPackage, _ pin: Lock.Archive) throws -> ProvidedFile {
        let single = opened.singleFileNames(pin.fileName)
        let path =
            if let single, single.names.contains(member) { single.path } else { try EntryPath(member) }
        guard var entry = opened.tree[path] else {
            let known =
                single?.names.prefix(1).map { $0 }
                ?? opened.tree.sorted.prefix(8).map { String($0.path.description.dropFirst()) }
            throw ImageBuildingError(
                .refused, "\(pin.fileName) has no member '\(member)'",
                hint: known.isEmpty
                    ? "the archive is empty: name another"
                    : "correct 'member' in the definition; the archive has " + known.joined(separator: ", "))
        }
        if case .hardLink(let original) = entry.kind { entry = opened.tree[original] ?? entry }
        guard case .regular(let content) = entry.kind else {
            throw ImageBuildingError(.refused, "the member '\(member)' of \(pin.fileName) is no regular file")
        }
        return ProvidedFile(
            content: content, date: opened.date,
            origin: origin(pin), isExecutable: entry.mode & 0o111 != 0)
    }
}

/// The members that an entry of `files` takes out of an archive.
enum ArchiveInput {
    case file(ProvidedFile)
    case folder(ProvidedFolder)
}
