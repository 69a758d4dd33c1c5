import DurableFiles
import LayerArchive
import OCIContent
import OCIModel
import SystemPackage

extension FileTree {
    /// Writes the tree as files below a folder, for a program to read. Owners and times are not kept; devices are left
    /// out, and so are links that lead nowhere.
    ///
    /// Each link is written as the way to its final destination in the tree, without links on that way: a text that
    /// passes through another link can lead out of the folder though it does not look like it.
    ///
    /// Blocks.
    func layOut(in folder: FilePath, isCancelled: () -> Bool) throws {
        var links: [EntryPath] = []
        // A tree need not have an entry for every folder.
        var folders: Set<EntryPath> = []
        for (path, entry) in sorted {
            if isCancelled() { throw CancellationError() }
            var parent = path.parent
            while let above = parent, folders.insert(above).inserted { parent = above.parent }
            let target = folder.appending(path)
            switch entry.kind {
            case .directory: try FileSystem.makeDirectories(target)
            case .regular(let content): try write(content, entry.mode, to: target)
            case .hardLink(let original):
                if case .regular(let content) = self[original]?.kind { try write(content, entry.mode, to: target) }
            case .symlink: links.append(path)
            case .characterDevice, .blockDevice, .fifo: break
            }
        }
        // Links come last, so that nothing is ever written through one.
        for path in links {
            guard let destination = resolve(path, mayBeMissing: true),
                self[destination] != nil || folders.contains(destination), let way = path.way(to: destination)
            else { continue }
            let target = folder.appending(path)
            try FileSystem.makeDirectories(target.removingLastComponent())
            try FileSystem.makeSymlink(target, to: way)
        }
    }

    private func write(_ content: FileContent, _ mode: UInt16, to target: FilePath) throws {
        try FileSystem.makeDirectories(target.removingLastComponent())
        try content.copy(to: target, mode: mode & 0o100 == 0 ? 0o644 : 0o755)
    }
}

extension EntryPath {
    /// Returns the text of a link at this path that leads to another; `nil` if that is the root or this path itself.
    fileprivate func way(to destination: EntryPath) -> [UInt8]? {
        guard !destination.isRoot, destination != self else { return nil }
        let (here, there) = (Array(components.dropLast()), Array(destination.components))
        let shared = zip(here, there).prefix { $0.elementsEqual($1) }.count
        let up = Array(repeating: Array("..".utf8)[...], count: here.count - shared)
        let way = up + there[shared...]
        // It may be a folder that the link lies in, as in etcd's own vendor folder before 3.3.14.
        return way.isEmpty ? Array(".".utf8) : Array(way.joined(separator: [UInt8(ascii: "/")]))
    }
}
