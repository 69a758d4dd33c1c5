package import OCIModel

extension FileTree {
    /// The ancestors that have no entry of their own, in byte order. A layer above a base may leave out directories
    /// that the base has; anywhere else their mode would be undefined (opencontainers/image-spec#970).
    package var missingParents: [EntryPath] {
        var missing: Set<EntryPath> = []
        for path in entries.keys {
            var ancestor = path.parent
            while let current = ancestor, !current.isRoot, self[current] == nil, missing.insert(current).inserted {
                ancestor = current.parent
            }
        }
        return missing.sorted()
    }

    /// Checks that nothing lies below a file or link and that every hard link ends at a regular file, as a tar
    /// requires.
    ///
    /// - Throws: `LayerArchiveError` with the code `invalidTree`, naming the first offending path in byte order.
    package func checkStructure() throws(LayerArchiveError) { _ = try tarOrder() }

    /// Returns the entries in the order in which a layer holds them: sorted by bytes, with the first of each set of
    /// hard links as the file, since a link's target must precede it in a tar.
    func tarOrder() throws(LayerArchiveError) -> [(path: EntryPath, entry: FileEntry)] {
        var sorted = self.sorted
        var firsts: [EntryPath: EntryPath] = [:]
        for (path, entry) in sorted {
            try checkAncestors(of: path)
            if case .hardLink = entry.kind {
                let file = try linkedFile(path)
                firsts[file] = min(firsts[file] ?? file, path)
            }
        }
        guard !firsts.isEmpty else { return sorted }
        for index in sorted.indices {
            let path = sorted[index].path
            var file = path
            if case .hardLink = sorted[index].entry.kind { file = try linkedFile(path) }
            guard let first = firsts[file], var entry = self[file] else { continue }
            // All names of a file share its mode, owner and time.
            if path != first { entry.kind = .hardLink(to: first) }
            sorted[index].entry = entry
        }
        return sorted
    }

    private func checkAncestors(of path: EntryPath) throws(LayerArchiveError) {
        var ancestor = path.parent
        while let current = ancestor, !current.isRoot {
            if let entry = self[current] {
                guard case .directory = entry.kind else {
                    throw LayerArchiveError(
                        .invalidTree, "\(path) cannot be in the tree: \(current) above it is not a directory")
                }
                // The ancestors of a directory that has an entry are checked at its own turn.
                return
            }
            ancestor = current.parent
        }
    }

    /// Returns the path of the regular file at the end of a chain of hard links.
    private func linkedFile(_ path: EntryPath) throws(LayerArchiveError) -> EntryPath {
        var current = path
        for _ in 0..<64 {
            switch self[current]?.kind {
            case .hardLink(let next): current = next
            case .regular: return current
            case nil:
                throw LayerArchiveError(.invalidTree, "\(path) is a hard link to \(current), which is not in the tree")
            default:
                throw LayerArchiveError(
                    .invalidTree, "\(path) is a hard link to \(current), which is not a regular file")
            }
        }
        throw LayerArchiveError(
            .invalidTree, "\(path) is a hard link that does not lead to a file: its links form a circle")
    }
}
