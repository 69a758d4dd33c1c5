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

    /// Reads the metadata, but not the contents, of each source of the definition for one platform.
    ///
    /// - Throws: `ImageAssemblyError` for a source that is missing, that leaves the folder, or that is neither a file,
    ///   a folder nor a symbolic link; `FileError` `.notPlain` for a link on the way to it.
    package init(_ files: [Definition.ExtraFile], in folder: FilePath, for platform: Platform) throws {
        for file in files where (file.system ?? platform.os) == platform.os {
            try add(file, file.source(for: platform), in: folder)
        }
    }

    /// Follows a source down from the image's folder, or from one above it, one name at a time.
    private mutating func add(_ file: Definition.ExtraFile, _ source: String, in folder: FilePath) throws {
        var names = source.split(separator: "/").map { Array($0.utf8) }[...]
        var start = try FileSystem.realPath(folder, "cannot find \(folder)")
        while names.first == Array("..".utf8) {
            start.removeLastComponent()
            names.removeFirst()
        }
        let missing = ImageAssemblyError(
            .invalidInput, "cannot read \(folder.pushing(FilePath(source))), the source of \(file.path): it is missing",
            hint: "the path of 'source' is relative to the image's folder")
        guard let last = names.popLast(), last != Array("..".utf8) else { throw missing }
        var parent = try Folder(at: start)
        for name in names {
            guard let next = try parent.folder(name) else { throw missing }
            parent = next
        }
        guard let status = try parent.status(of: last) else { throw missing }
        try add(last, status, in: parent, at: file.path, file, depth: 0)
    }

    private mutating func add(
        _ name: [UInt8], _ status: FileStatus, in parent: Folder, at path: EntryPath, _ file: Definition.ExtraFile,
        depth: Int
    ) throws {
        let source = parent.path.appending(bytes: name)
        guard depth < 64, stamps.count < Self.countLimit else {
            throw ImageAssemblyError(.invalidInput, "too many files below \(file.source): more than \(Self.countLimit)")
        }
        note(source, status)
        switch status.kind {
        case .regular:
            let mode = file.mode ?? (status.isExecutable ? 0o755 : 0o644)
            set(path, .regular(.file(source, size: status.size)), mode, file.owner)
        case .directory:
            // The mode of a `files` entry applies to files; a folder must remain one that can be entered.
            set(path, .directory, 0o755, file.owner)
            // A folder that has gone since has nothing in it.
            guard let folder = try parent.folder(name) else { return }
            for name in try folder.rawNames() {
                let child = try EntryPath(path.bytes + [UInt8(ascii: "/")] + name)
                guard let status = try folder.status(of: name) else { continue }
                try add(name, status, in: folder, at: child, file, depth: depth + 1)
            }
        case .symbolicLink:
            guard let target = parent.linkTarget(of: name) else {
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
