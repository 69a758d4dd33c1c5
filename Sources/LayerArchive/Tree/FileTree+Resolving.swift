package import OCIModel

extension FileTree {
    /// The number of links that Linux follows (path_resolution(7)).
    private static let linkLimit = 40
    /// The length limit of a target, Linux's `PATH_MAX`.
    private static let targetLimit = 4096

    /// Follows the symbolic links of a path inside the tree, as the kernel does.
    ///
    /// - Parameters:
    ///   - path: The path as the kernel would read it: absolute, or relative to `directory`.
    ///   - directory: The directory that a relative path starts from.
    ///   - followingLast: Whether a link at the very end is followed too.
    ///   - mayBeMissing: Whether the path may lead to an entry that the tree does not have (yet).
    /// - Returns: The path without links; `nil` if it leads nowhere: behind too many links, below a file, or to a path
    ///   without an entry.
    package func resolve(
        _ path: [UInt8], from directory: EntryPath = .root, followingLast: Bool = true, mayBeMissing: Bool = false
    ) -> EntryPath? {
        let slash = UInt8(ascii: "/")
        var here = path.first == slash ? EntryPath.root : directory
        // The remaining components, with the next one last.
        var pending = Array(path.split(separator: slash).reversed())
        var links = 0
        while let component = pending.popLast() {
            if component.elementsEqual(".".utf8) { continue }
            if component.elementsEqual("..".utf8) {
                here = here.parent ?? .root
                continue
            }
            guard let next = try? EntryPath(here.bytes + [slash] + component) else { return nil }
            switch self[next]?.kind {
            case .symlink(let target) where followingLast || !pending.isEmpty:
                links += 1
                guard links <= Self.linkLimit, !target.isEmpty, target.count <= Self.targetLimit else { return nil }
                if target.first == slash { here = .root }
                pending += target.split(separator: slash).reversed()
                continue
            case .directory: break
            case nil: guard mayBeMissing else { return nil }
            default: guard mayBeMissing || pending.isEmpty else { return nil }
            }
            here = next
        }
        return here
    }

    /// Follows the symbolic links of a path from the root, as `resolve(_:from:followingLast:mayBeMissing:)` does.
    package func resolve(_ path: EntryPath, followingLast: Bool = true, mayBeMissing: Bool = false) -> EntryPath? {
        resolve(path.bytes, followingLast: followingLast, mayBeMissing: mayBeMissing)
    }

    /// Returns whether the path itself is a directory.
    package func isDirectory(_ path: EntryPath) -> Bool { path.isRoot || self[path]?.kind == .directory }
}

extension EntryPath {
    /// Returns the path that a symbolic link at this path leads to, judging by its text alone, or `nil` if that leaves
    /// the root.
    package func destination(ofLinkTo target: some Collection<UInt8>) -> EntryPath? {
        let slash = UInt8(ascii: "/")
        var parts = target.first == slash ? [] : components.dropLast().map { Array($0) }
        for part in target.split(separator: slash) where !part.elementsEqual(".".utf8) {
            if part.elementsEqual("..".utf8) {
                guard parts.popLast() != nil else { return nil }
            } else {
                parts.append(Array(part))
            }
        }
        return try? EntryPath(Array(parts.joined(separator: [slash])))
    }
}
