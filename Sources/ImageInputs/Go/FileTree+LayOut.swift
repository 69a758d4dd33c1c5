import DurableFiles
import LayerArchive
import OCIContent
import OCIModel
import SystemPackage

extension FileTree {
    /// Writes the tree as files below a folder, for a program to read. Owners and times are not kept; devices and links
    /// that lead out of the folder are left out.
    ///
    /// Blocks.
    func layOut(in folder: FilePath, isCancelled: () -> Bool) throws {
        var links: [(EntryPath, String)] = []
        for (path, entry) in sorted {
            if isCancelled() { throw CancellationError() }
            let target = folder.pushing(FilePath(String(path.description.dropFirst())))
            switch entry.kind {
            case .directory: try FileSystem.makeDirectories(target)
            case .regular(let content): try write(content, entry.mode, to: target)
            case .hardLink(let original):
                if case .regular(let content) = self[original]?.kind { try write(content, entry.mode, to: target) }
            case .symlink(let text): links.append((path, String(decoding: text, as: UTF8.self)))
            case .characterDevice, .blockDevice, .fifo: break
            }
        }
        // Links come last, so that nothing is ever written through one.
        for (path, text) in links where Self.staysInside(path, text) {
            let target = folder.pushing(FilePath(String(path.description.dropFirst())))
            try FileSystem.makeDirectories(target.removingLastComponent())
            try FileSystem.makeSymlink(target, to: text)
        }
    }

    private func write(_ content: FileContent, _ mode: UInt16, to target: FilePath) throws {
        try FileSystem.makeDirectories(target.removingLastComponent())
        try content.copy(to: target, mode: mode & 0o100 == 0 ? 0o644 : 0o755)
    }

    private static func staysInside(_ path: EntryPath, _ target: String) -> Bool {
        guard !target.isEmpty, !target.hasPrefix("/") else { return false }
        var depth = path.components.count - 1
        for part in target.split(separator: "/") where part != "." {
            depth += part == ".." ? -1 : 1
            if depth < 0 { return false }
        }
        return true
    }
}
