package import OCIModel

/// A root filesystem, or the part of it that one layer holds, as entries by path. The root directory has no entry.
package struct FileTree: Hashable, Sendable {
    package private(set) var entries: [EntryPath: FileEntry] = [:]

    /// Whether the tar names directories without the trailing slash that POSIX requires. Windows' importer recognises
    /// some directories only by their bare names, and every other builder of Windows layers omits the slash.
    package var hasBareDirectoryNames = false

    package init() {}

    package subscript(path: EntryPath) -> FileEntry? {
        get { entries[path] }
        set { if !path.isRoot { entries[path] = newValue } }
    }

    package var isEmpty: Bool { entries.isEmpty }

    /// The entries in byte order of their paths, which puts parents before their children; the order of the tar.
    package var sorted: [(path: EntryPath, entry: FileEntry)] {
        entries.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }
}
