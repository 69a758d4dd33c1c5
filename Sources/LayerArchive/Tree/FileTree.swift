package import OCIModel

/// A root filesystem, or the part of it that one layer holds: entries by path. The root directory has no entry.
package struct FileTree: Hashable, Sendable {
    package private(set) var entries: [EntryPath: FileEntry] = [:]

    /// Whether its tar names directories without the slash at the end that POSIX has there: Windows' importer knows
    /// some of them by their bare name only, and every other builder of its layers writes them so.
    package var hasBareDirectoryNames = false

    package init() {}

    package subscript(path: EntryPath) -> FileEntry? {
        get { entries[path] }
        set { if !path.isRoot { entries[path] = newValue } }
    }

    package var isEmpty: Bool { entries.isEmpty }

    /// Byte order of the paths, which puts parents before their children: the order of the tar.
    package var sorted: [(path: EntryPath, entry: FileEntry)] {
        entries.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }
}
