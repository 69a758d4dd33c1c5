import LayerArchive
import OCIModel

/// How the layers of a base image, which others made, are laid on each other: as containers' unpackers do it (image-spec,
/// layer.md, "Applying Changesets"), and what those would fail at is refused.
extension MergedRoot {
    /// More than any image has.
    private static let maximumEntries = 2_000_000
    private static let whiteout = Array(".wh.".utf8)
    private static let opaque = Array(".wh..wh..opq".utf8)

    /// Lays layers on each other, lowest first.
    ///
    /// - Throws: `GateFault` for what no unpacker takes; its message names the path.
    init(base layers: [UnpackedLayer]) throws(GateFault) {
        self.init()
        for layer in layers {
            removeHidden(by: layer)
            for one in layer.entries where !one.path.name.starts(with: Self.whiteout) {
                try put(one.entry, at: place(of: one.path))
                guard entries.count <= Self.maximumEntries else {
                    throw GateFault(.layerEntry, "its layers hold more than \(Self.maximumEntries) files")
                }
            }
        }
    }

    /// Removes what the layer takes away of lower ones: by whiteouts, wherever in it these stand, and by putting something
    /// else in the place of a directory. All in one go, since a layer may name half a million paths.
    private mutating func removeHidden(by layer: UnpackedLayer) {
        var gone: Set<EntryPath> = []
        var emptied: Set<EntryPath> = []
        for one in layer.entries {
            guard let parent = one.path.parent else { continue }
            let name = one.path.name
            let isWhiteout = name.starts(with: Self.whiteout)
            guard isWhiteout || one.entry.kind != .directory,
                let folder = isDirectory(parent) ? parent : resolve(parent)
            else { continue }
            if name == Self.opaque {
                emptied.insert(folder)
            } else if !isWhiteout {
                if let place = folder.appending(name), isDirectory(place) { gone.insert(place) }
            } else if !name.dropFirst(4).starts(with: Self.whiteout), let place = folder.appending(name.dropFirst(4)) {
                gone.insert(place)
            }
        }
        guard !gone.isEmpty || !emptied.isEmpty else { return }
        entries = entries.filter { path, _ in
            if gone.contains(path) { return false }
            var ancestor = path.parent
            while let folder = ancestor {
                if gone.contains(folder) || emptied.contains(folder) { return false }
                ancestor = folder.parent
            }
            return true
        }
    }

    private mutating func put(_ entry: FileEntry, at place: EntryPath) throws(GateFault) {
        var entry = entry
        if case .hardLink(let target) = entry.kind {
            let parent = target.parent ?? .root
            let real = resolve(parent).map { target.replacing(parent, with: $0) } ?? target
            guard let file = entries[real], file.kind != .directory else {
                throw GateFault(.layerEntry, "its hard link \(place) leads to \(target), which is no file")
            }
            entry = file
        }
        guard entry.kind == .directory || !isDirectory(place) else {
            throw GateFault(.layerEntry, "one of its layers has \(place) as a directory and as something else")
        }
        entries[place] = entry
    }

    /// Where an entry comes to lie: links among its parents are followed, and parents that no layer has are made.
    private mutating func place(of path: EntryPath) throws(GateFault) -> EntryPath {
        guard let parent = path.parent, !isDirectory(parent) else { return path }
        var at = EntryPath.root
        for component in parent.components {
            guard let next = at.appending(component) else {
                throw GateFault(.layerEntry, "its path \(path) is too long")
            }
            if entries[next] == nil { entries[next] = FileEntry(.directory, mode: 0o755, modified: 0) }
            guard let real = isDirectory(next) ? next : resolve(next), isDirectory(real) else {
                throw GateFault(.layerEntry, "\(path) lies below \(next), which is no directory")
            }
            at = real
        }
        return path.replacing(parent, with: at)
    }
}

extension EntryPath {
    /// `nil` beyond the length that a path may have.
    fileprivate func appending(_ name: some Sequence<UInt8>) -> EntryPath? {
        try? EntryPath(bytes + [UInt8(ascii: "/")] + name)
    }
}
