import LayerArchive
package import OCIModel

extension MergedRoot {
    /// As many as Linux follows (path_resolution(7)).
    private static let maximumLinks = 40

    func isDirectory(_ path: EntryPath) -> Bool { path.isRoot || entries[path]?.kind == .directory }

    /// The entry that a path leads to inside the image, all symlinks followed; `nil` where it leads nowhere.
    package func resolve(_ path: EntryPath) -> EntryPath? { resolve(path.bytes, from: .root) }

    /// The same for text as the kernel would read it: absolute, or relative to `directory`.
    package func resolve(_ text: [UInt8], from directory: EntryPath) -> EntryPath? {
        let slash = UInt8(ascii: "/")
        var at = text.first == slash ? EntryPath.root : directory
        // The components still to go, the next one last.
        var pending = Array(text.split(separator: slash).reversed())
        var links = 0
        while let component = pending.popLast() {
            if component.elementsEqual(".".utf8) { continue }
            if component.elementsEqual("..".utf8) {
                at = at.parent ?? .root
                continue
            }
            guard let next = try? EntryPath(at.bytes + [slash] + component), let entry = entries[next] else {
                return nil
            }
            switch entry.kind {
            case .symlink(let target):
                links += 1
                guard links <= Self.maximumLinks, !target.isEmpty, target.count <= 4096 else { return nil }
                if target.first == slash { at = .root }
                pending.append(contentsOf: target.split(separator: slash).reversed())
            case .directory:
                at = next
            default:
                guard pending.isEmpty else { return nil }
                at = next
            }
        }
        return at
    }

    /// The regular file that a path leads to.
    func file(_ path: EntryPath) -> (path: EntryPath, entry: FileEntry, content: FileContent)? {
        guard let real = resolve(path), let entry = entries[real], case .regular(let content) = entry.kind else {
            return nil
        }
        return (real, entry, content)
    }
}
