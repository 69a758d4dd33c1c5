package import LayerArchive
import OCIModel

/// The root filesystem that a container of an image sees: its layers laid on each other as an unpacker does it.
///
/// Hard links are shown as the regular files that they are names of.
package struct MergedRoot: Sendable {
    package private(set) var tree = FileTree()
    /// The name of the image's own layer that each entry came by; the other entries are the base image's.
    private var layerNames: [EntryPath: String] = [:]

    package init() {}

    /// Returns whether an entry is there that no layer of the image's own has touched.
    func isOfBase(_ path: EntryPath) -> Bool { tree[path] != nil && layerNames[path] == nil }

    /// Returns which layer an entry came by, in words.
    func source(of path: EntryPath) -> String { layerNames[path].map { "layer '\($0)'" } ?? "the base image" }

    /// Returns the regular file that a path leads to.
    func file(_ path: EntryPath) -> (path: EntryPath, entry: FileEntry, content: FileContent)? {
        guard let real = tree.resolve(path), let entry = tree[real], case .regular(let content) = entry.kind else {
            return nil
        }
        return (real, entry, content)
    }

    /// Puts an entry into the image, of the layer with that name; of the base image without one.
    mutating func put(_ entry: FileEntry, at path: EntryPath, layer: String? = nil) {
        tree[path] = entry
        layerNames[path] = layer
    }

    /// Removes entries; what lies below a directory is to be named as well.
    mutating func remove(_ isGone: (EntryPath) -> Bool) {
        for path in tree.entries.keys where isGone(path) {
            tree[path] = nil
            layerNames[path] = nil
        }
    }
}
