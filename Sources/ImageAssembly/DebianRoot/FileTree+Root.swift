import LayerArchive
import OCIModel

extension FileTree {
    /// Where `path` leads when its symbolic links are followed inside the tree, as the kernel would; the last
    /// component's only when asked. What need not exist may be missing. `nil` for a loop of links.
    func resolve(_ path: EntryPath, followingLast: Bool) -> EntryPath? {
        let slash = UInt8(ascii: "/")
        var pending = Array(path.components.reversed())
        var here = EntryPath.root
        var links = 0
        while let part = pending.popLast() {
            if part.elementsEqual(".".utf8) { continue }
            if part.elementsEqual("..".utf8) {
                here = here.parent ?? .root
                continue
            }
            guard let next = try? EntryPath(here.bytes + [slash] + part) else { return nil }
            guard case .symlink(let target) = self[next]?.kind, followingLast || !pending.isEmpty else {
                here = next
                continue
            }
            links += 1
            guard links <= 40 else { return nil }
            if target.first == slash { here = .root }
            pending += target.split(separator: slash).reversed()
        }
        return here
    }

    /// The tree without the excluded entries. A directory stays where something below it does, and a file whose other
    /// names stay is kept under the first of these.
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

    /// Adds the directories that entries lie in and nobody ships.
    ///
    /// - Throws: `conflict` for an entry below something else than a directory.
    mutating func complete(time: Int64) throws(ImageAssemblyError) {
        for path in entries.keys.sorted() {
            var child = path
            while let parent = child.parent, !parent.isRoot {
                guard let entry = self[parent] else {
                    self[parent] = FileEntry(.directory, mode: 0o755, modified: time)
                    child = parent
                    continue
                }
                guard case .directory = entry.kind else {
                    throw ImageAssemblyError(
                        .conflict, "cannot place \(path) in the root filesystem: \(parent) is a \(entry.noun)")
                }
                break
            }
        }
    }
}
