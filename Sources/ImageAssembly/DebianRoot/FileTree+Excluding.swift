import LayerArchive
import OCIModel

extension FileTree {
    /// Returns the tree without the excluded entries. A directory stays if something below it does, and a file whose
    /// other names stay is kept under the first of these.
    func excluding(_ excludes: (EntryPath) -> Bool) -> FileTree {
        var kept = FileTree()
        for (path, entry) in sorted where !excludes(path) {
            kept[path] = entry
            var child = path
            while let parent = child.parent, !parent.isRoot, kept[parent] == nil {
                if let directory = self[parent] { kept[parent] = directory }
                child = parent
            }
        }
        var moved: [EntryPath: EntryPath] = [:]
        for (path, entry) in kept.sorted {
            guard case .hardLink(let target) = entry.kind, kept[target] == nil, let file = self[target] else {
                continue
            }
            if let first = moved[target] {
                kept[path]?.kind = .hardLink(to: first)
            } else {
                kept[path] = file
                moved[target] = path
            }
        }
        return kept
    }
}
