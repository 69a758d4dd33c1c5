import ImageDefinition
import LayerArchive
import OCIModel

/// A folder of a release archive that an image takes as a whole.
struct ArchiveFolder {
    let path: EntryPath
    /// Everything in the archive.
    let tree: FileTree
    /// The archive's name, for messages.
    let archive: String

    init(path: EntryPath, of tree: FileTree, archive: String) {
        (self.path, self.tree, self.archive) = (path, tree, archive)
    }

    /// Returns the folder at its place in the image, by the rules for a folder that is copied from the image's own.
    ///
    /// - Throws: `ImageBuildingError` (`refused`) for a link out of the folder, and for a device or a pipe.
    func tree(for file: Definition.InputFile) throws -> FileTree {
        var result = FileTree()
        result[file.path] = entry(.directory, 0o755, file)
        for (path, entry) in tree.sorted where path.isWithin(self.path) && path != self.path {
            let place = path.replacing(self.path, with: file.path)
            let isProgram = entry.mode & 0o111 != 0
            switch entry.kind {
            case .directory: result[place] = self.entry(.directory, 0o755, file)
            case .regular: result[place] = self.entry(entry.kind, file.mode ?? (isProgram ? 0o755 : 0o644), file)
            case .hardLink(let target):
                // One file under two names stays one, if both are taken.
                guard let original = tree[target] else { throw refused(path, "a link to nothing") }
                let kind: FileEntry.Kind =
                    target.isWithin(self.path)
                    ? .hardLink(to: target.replacing(self.path, with: file.path)) : original.kind
                let mode = file.mode ?? (original.mode & 0o111 != 0 ? 0o755 : 0o644)
                result[place] = self.entry(kind, mode, file)
            case .symlink(let target):
                guard target.first != UInt8(ascii: "/"), let end = path.destination(ofLinkTo: target),
                    end.isWithin(self.path)
                else { throw refused(path, "a symbolic link out of the folder") }
                result[place] = self.entry(.symlink(target: target), 0o777, file)
            case .characterDevice, .blockDevice, .fifo: throw refused(path, "a device or a pipe")
            }
        }
        for parent in result.missingParents where parent.isWithin(file.path) {
            result[parent] = entry(.directory, 0o755, file)
        }
        return result
    }

    private func entry(_ kind: FileEntry.Kind, _ mode: UInt16, _ file: Definition.InputFile) -> FileEntry {
        FileEntry(kind, mode: mode, userID: file.owner.user, groupID: file.owner.group, modified: 0)
    }

    private func refused(_ path: EntryPath, _ what: String) -> ImageBuildingError {
        ImageBuildingError(
            .refused, "cannot take the folder \(self.path) out of \(archive): \(path) is \(what)",
            hint: "name its members one by one, and write links under 'links'")
    }
}
