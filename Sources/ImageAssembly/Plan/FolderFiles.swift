import DurableFiles
package import ImageDefinition
package import LayerArchive
import OCIContent
package import OCIModel
package import SystemPackage

/// The definition's extra files as they are in the image's folder: their tree, and a stamp of every file and folder.
package struct FolderFiles: Sendable {
    package private(set) var tree = FileTree()
    /// The stamps by path on disk: the kind, size, times and inode of each file and folder. If the stamp is the same
    /// later, the file was not touched.
    package private(set) var stamps: [FilePath: String] = [:]
    /// The time of the latest change of any of them, in nanoseconds since the epoch.
    package private(set) var latestChange: Int64 = 0

    private static let countLimit = 100_000
    private let folder: FilePath

    /// Reads the metadata, but not the contents, of each source of the definition for one platform.
    ///
    /// - Throws: `ImageAssemblyError` for a source that is missing, that leaves the folder, or that is neither a file,
    ///   a folder nor a symbolic link.
    package init(_ files: [Definition.ExtraFile], in folder: FilePath, for platform: Platform) throws {
        self.folder = folder
        for file in files where (file.system ?? platform.os) == platform.os {
            let source = file.source(for: platform)
            try FileSystem.refuseLinks(below: folder, along: source.split(separator: "/").dropLast())
            try add(folder.pushing(FilePath(source)), at: file.path, file, depth: 0)
        }
    }

    private mutating func add(_ source: FilePath, at path: EntryPath, _ file: Definition.ExtraFile, depth: Int) throws {
        let status: FileStatus
        do { status = try FileStatus(of: source) } catch {
            throw ImageAssemblyError(
                .invalidInput, "cannot read \(source), the source of \(path): \(error)",
                hint: "the path of 'source' is relative to the image's folder")
        }
        guard depth < 64, stamps.count < Self.countLimit else {
            throw ImageAssemblyError(.invalidInput, "too many files below \(file.source): more than \(Self.countLimit)")
        }
        note(source, status)
        switch status.kind {
        case .regular:
            let mode = file.mode ?? (status.isExecutable ? 0o755 : 0o644)
            set(path, .regular(.slice(of: source, offset: 0, size: status.size)), mode, file.owner)
        case .directory:
            // The mode of a `files` entry applies to files; a folder must remain one that can be entered.
            set(path, .directory, 0o755, file.owner)
            for name in try FileSystem.rawNames(in: source) {
                let child = try EntryPath(path.bytes + [UInt8(ascii: "/")] + name)
                try add(source.appending(bytes: name), at: child, file, depth: depth + 1)
            }
        case .symbolicLink:
            guard let target = FileSystem.rawSymbolicLinkTarget(source) else {
                throw ImageAssemblyError(.invalidInput, "cannot read the symbolic link \(source)")
            }
            guard depth > 0, target.first != UInt8(ascii: "/"), path.destination(ofLinkTo: target) != nil else {
                throw ImageAssemblyError(
                    .invalidInput,
                    "\(source) is a symbolic link to \(shown(target)), outside the copied files",
                    hint: "write it under 'links' in the definition")
            }
            set(path, .symlink(target: target), 0o777, file.owner)
        case .other:
            throw ImageAssemblyError(.invalidInput, "\(source) is neither a file, a folder nor a symbolic link")
        }
    }

    private mutating func set(_ path: EntryPath, _ kind: FileEntry.Kind, _ mode: UInt16, _ owner: Definition.Ownership)
    {
        tree[path] = FileEntry(kind, mode: mode, userID: owner.user, groupID: owner.group, modified: 0)
    }

    private mutating func note(_ source: FilePath, _ status: FileStatus) {
        latestChange = max(latestChange, status.changed)
        stamps[source] =
            "\(status.mode) \(status.size) \(status.modified) \(status.changed) \(status.inode) \(status.device)"
    }
}
