package import LayerArchive
import OCIModel

/// The root filesystem that a container of an image sees: its layers applied on top of each other, as an unpacker does
/// it.
///
/// Hard links appear as the regular files that they name.
package struct MergedRoot: Sendable {
    package private(set) var tree = FileTree()
    /// The name of the image's own layer that each entry came from; the other entries are the base image's.
    private var layerNames: [EntryPath: String] = [:]

    package init() {}

    /// Returns whether the entry exists and no layer of the image's own has touched it.
    func isOfBase(_ path: EntryPath) -> Bool { tree[path] != nil && layerNames[path] == nil }

    /// Returns the layer that an entry came from, as a phrase for messages.
    func source(of path: EntryPath) -> String { layerNames[path].map { "layer '\($0)'" } ?? "the base image" }

    /// Returns the regular file that a path leads to.
    func file(_ path: EntryPath) -> (path: EntryPath, entry: FileEntry, content: FileContent)? {
        guard let real = tree.resolve(path), let entry = tree[real], case .regular(let content) = entry.kind else {
            return nil
        }
        return (real, entry, content)
    }

    /// Puts an entry of the named layer into the image, or an entry of the base image if there is no name.
    mutating func put(_ entry: FileEntry, at path: EntryPath, layer: String? = nil) {
        tree[path] = entry
        layerNames[path] = layer
    }

    /// Removes the entries for which `isGone` returns `true`; this must include everything below a removed directory.
    mutating func remove(_ isGone: (EntryPath) -> Bool) {
        for path in tree.entries.keys where isGone(path) {
            tree[path] = nil
            layerNames[path] = nil
        }
    }
}
