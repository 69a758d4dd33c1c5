import LayerArchive
import OCIModel

extension FileTree {
    /// The tree with copies in the place of hard links that Windows' importer could not make: those with a name of one
    /// UTF-16 unit, and those beyond the number of links that a file can have. The first name in byte order is the file,
    /// as in a layer.
    var withImportableLinks: FileTree {
        var names: [EntryPath: [EntryPath]] = [:]
        for (path, entry) in entries {
            if case .hardLink(let file) = entry.kind { names[file, default: [file]].append(path) }
        }
        var tree = self
        for (file, unsorted) in names {
            guard let content = self[file] else { continue }
            let sorted = unsorted.sorted()
            let others = sorted.dropFirst()
            let links = others.filter { WindowsName.canBeLink($0.name) }.prefix(WindowsName.maximumLinks)
            guard links.count < others.count else { continue }
            for path in sorted { tree[path] = content }
            for path in links { tree[path]?.kind = .hardLink(to: sorted[0]) }
        }
        return tree
    }
}
