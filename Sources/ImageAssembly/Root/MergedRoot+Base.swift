package import LayerArchive
import OCIModel

/// Applies the layers of a foreign base image on top of each other, as containers' unpackers do (image-spec, layer.md,
/// "Applying Changesets"), and refuses what those would fail at.
extension MergedRoot {
    /// A limit on the number of entries that no real image reaches.
    private static let maximumEntries = 2_000_000
    /// The limit on directories that are replaced in their own layer, each of which costs a walk through all entries.
    private static let maximumReplaced = 1000
    private static let whiteout = Array(".wh.".utf8)
    private static let opaque = Array(".wh..wh..opq".utf8)

    /// Applies layers on top of each other, lowest first.
    ///
    /// - Throws: `ImageAssemblyError` with the code `invalidInput` for layers that no unpacker accepts; its message
    ///   names the path.
    package init(base layers: [UnpackedLayer]) throws(ImageAssemblyError) {
        self.init()
        var replaced = 0
        for layer in layers {
            removeHidden(by: layer)
            for one in layer.entries where !one.path.name.starts(with: Self.whiteout) {
                try lay(one.entry, at: place(of: one.path), &replaced)
                guard tree.entries.count <= Self.maximumEntries else {
                    throw ImageAssemblyError(.invalidInput, "its layers hold more than \(Self.maximumEntries) files")
                }
            }
        }
    }

    /// Removes what the layer hides of lower ones, by whiteouts anywhere in it or by putting something else in the
    /// place of a directory. This is done in one pass, since a layer may name half a million paths.
    private mutating func removeHidden(by layer: UnpackedLayer) {
        var gone: Set<EntryPath> = []
        var emptied: Set<EntryPath> = []
        for one in layer.entries {
            guard let parent = one.path.parent else { continue }
            let name = one.path.name
            let isWhiteout = name.starts(with: Self.whiteout)
            guard isWhiteout || one.entry.kind != .directory,
                let folder = tree.isDirectory(parent) ? parent : tree.resolve(parent)
            else { continue }
            if name == Self.opaque {
                emptied.insert(folder)
            } else if !isWhiteout {
                if let place = folder.appending(name), tree.isDirectory(place) { gone.insert(place) }
            } else if !name.dropFirst(4).starts(with: Self.whiteout), let place = folder.appending(name.dropFirst(4)) {
                gone.insert(place)
            }
        }
        guard !gone.isEmpty || !emptied.isEmpty else { return }
        remove { path in
            if gone.contains(path) { return true }
            var ancestor = path.parent
            while let folder = ancestor {
                if gone.contains(folder) || emptied.contains(folder) { return true }
                ancestor = folder.parent
            }
            return false
        }
    }

    private mutating func lay(
        _ entry: FileEntry, at place: EntryPath, _ replaced: inout Int
    ) throws(ImageAssemblyError) {
        var entry = entry
        if case .hardLink(let target) = entry.kind {
            let parent = target.parent ?? .root
            let real = tree.resolve(parent).map { target.replacing(parent, with: $0) } ?? target
            guard let file = tree[real], file.kind != .directory else {
                throw ImageAssemblyError(
                    .invalidInput, "its hard link \(place) leads to \(target), which is not a file")
            }
            entry = file
        }
        // Within a layer too, unpackers remove what a later entry replaces.
        if entry.kind != .directory, tree.isDirectory(place) {
            replaced += 1
            guard replaced <= Self.maximumReplaced else {
                throw ImageAssemblyError(
                    .invalidInput,
                    "more than \(Self.maximumReplaced) directories are replaced in the layer that has them: \(place)")
            }
            remove { $0 != place && $0.isWithin(place) }
        }
        put(entry, at: place)
    }

    /// Returns the place of an entry: follows links among its parents, and creates parents that no layer has.
    private mutating func place(of path: EntryPath) throws(ImageAssemblyError) -> EntryPath {
        guard let parent = path.parent, !tree.isDirectory(parent) else { return path }
        var at = EntryPath.root
        for component in parent.components {
            guard let next = at.appending(component) else {
                throw ImageAssemblyError(.invalidInput, "its path \(path) is too long")
            }
            if tree[next] == nil { put(FileEntry(.directory, mode: 0o755, modified: 0), at: next) }
            guard let real = tree.isDirectory(next) ? next : tree.resolve(next), tree.isDirectory(real) else {
                throw ImageAssemblyError(.invalidInput, "\(path) lies below \(next), which is not a directory")
            }
            at = real
        }
        return path.replacing(parent, with: at)
    }
}

extension EntryPath {
    /// Returns the path of a child, or `nil` if it exceeds the length that a path may have.
    fileprivate func appending(_ name: some Sequence<UInt8>) -> EntryPath? {
        try? EntryPath(bytes + [UInt8(ascii: "/")] + name)
    }
}
