package import LayerArchive
import OCIModel

/// The layer of a Windows image: not a root filesystem, but the drive's content under `Files` and the changes to the
/// Windows registry under `Hives`, with Windows' metadata of each entry in vendor PAX records.
package enum WindowsLayer {
    /// The PAX records that hold Windows' own metadata.
    enum Record {
        /// The Win32 attribute bits, in decimal.
        static let attributes = "MSWINDOWS.fileattr"
        /// A self-relative binary security descriptor, in Base64.
        static let security = "MSWINDOWS.rawsd"
        /// The older form of `security`, in SDDL text.
        static let securityText = "MSWINDOWS.sd"
        /// The creation time in seconds since the epoch. A fraction is allowed but misread by some importers, so none
        /// is written.
        static let created = "LIBARCHIVE.creationtime"
    }

    static let files = "Files"
    static let hives = "Hives"

    /// Returns the tree of a layer for a tree of the drive (`usr/local/bin/etcd.exe`).
    ///
    /// Every parent directory gets an entry in every layer, because Windows' importer creates directories one by one
    /// before it knows the layers below. Linux's owners and permissions mean nothing to Windows; its own rights are the
    /// same for all entries.
    ///
    /// Directories that the tree lacks get `time`, in seconds since the epoch.
    ///
    /// - Throws: `ImageAssemblyError` with the code `invalidInput` for a name that Windows cannot have, an entry in a
    ///   directory of the base image, or an entry other than a file, directory or hard link; with the code `conflict`
    ///   for two names that differ only in case.
    package static func tree(_ drive: FileTree, time: Int64) throws(ImageAssemblyError) -> FileTree {
        var layer = FileTree()
        layer.hasBareDirectoryNames = true
        let (files, hives) = (try path(files), try path(hives))
        for root in [files, hives] {
            layer[root] = entry(.directory, mode: 0o755, time: time, security: nil)
        }
        for (path, source) in drive.withImportableLinks.sorted {
            try check(path, source)
            layer[path.replacing(.root, with: files)] = try entry(source, below: files)
        }
        for parent in layer.missingParents {
            layer[parent] = entry(.directory, mode: 0o755, time: time, security: Security.directory)
        }
        try checkCase(layer)
        return layer
    }

    /// Returns the tree that a container sees on its drive, for layers made by `tree`, lowest first; nothing of the
    /// base is included.
    static func drive(of layers: [FileTree]) -> FileTree {
        var drive = FileTree()
        for layer in layers {
            for (path, entry) in layer.entries where path.components.count > 1 {
                drive[path.withoutFirst] = entry
                if case .hardLink(let target) = entry.kind {
                    drive[path.withoutFirst]?.kind = .hardLink(to: target.withoutFirst)
                }
            }
        }
        return drive
    }

    private enum Security {
        static let file = encoded(SecurityDescriptor.file)
        static let directory = encoded(SecurityDescriptor.directory)

        /// Returns the descriptor in Base64. The texts are constants that a test reads; an unreadable one would give a
        /// record that the tar writer refuses.
        private static func encoded(_ text: String) -> String {
            (try? SecurityDescriptor(text)).map { Base64.encode($0.bytes) } ?? ""
        }
    }

    private static func entry(_ source: FileEntry, below files: EntryPath) throws(ImageAssemblyError) -> FileEntry {
        switch source.kind {
        case .directory:
            entry(.directory, mode: source.mode, time: source.modified, security: Security.directory)
        case .hardLink(let target):
            entry(
                .hardLink(to: target.replacing(.root, with: files)), mode: source.mode, time: source.modified,
                security: Security.file)
        default: entry(source.kind, mode: source.mode, time: source.modified, security: Security.file)
        }
    }

    private static func entry(_ kind: FileEntry.Kind, mode: UInt16, time: Int64, security: String?) -> FileEntry {
        var records = [Record.attributes: kind == .directory ? "16" : "32", Record.created: "\(time)"]
        records[Record.security] = security
        return FileEntry(kind, mode: mode, modified: time, paxRecords: records)
    }

    private static func path(_ text: String) throws(ImageAssemblyError) -> EntryPath {
        do throws(OCIModelError) { return try EntryPath(text) } catch {
            throw ImageAssemblyError(.invalidInput, error.message)
        }
    }
}

extension EntryPath {
    /// The path below its first component.
    fileprivate var withoutFirst: EntryPath {
        components.first.flatMap { try? EntryPath($0) }.map { replacing($0, with: .root) } ?? self
    }
}
