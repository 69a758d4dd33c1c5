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

    private func file(_ member: String, of opened: UnpackedPackage, _ pin: Lock.Archive) throws -> ProvidedFile {
        guard var entry = opened.tree[try EntryPath(member)] else {
            let known = opened.tree.sorted.prefix(8).map { String($0.path.description.dropFirst()) }
            throw ImageBuildingError(
                .refused, "\(pin.fileName) has no member '\(member)'",
                hint: "correct 'member' in the definition; the archive has " + known.joined(separator: ", "))
        }
        if case .hardLink(let original) = entry.kind { entry = opened.tree[original] ?? entry }
        guard case .regular(let content) = entry.kind else {
            throw ImageBuildingError(.refused, "the member '\(member)' of \(pin.fileName) is no regular file")
        }
        return ProvidedFile(
            content: content, date: opened.date,
            origin: .init(name: pin.fileName, path: pin.urls.first, digest: pin.sha256),
            isExecutable: entry.mode & 0o111 != 0)
    }
}
