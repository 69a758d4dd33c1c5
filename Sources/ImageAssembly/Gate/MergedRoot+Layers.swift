import LayerArchive
import OCIModel

/// The rules for the image's own layers, which every engine must unpack to the same result.
extension MergedRoot {
    /// Applies one more of the image's own layers on top, and returns what is wrong with it, in byte order of the
    /// paths.
    mutating func add(_ layer: ConsistencyGate.Layer) -> [(EntryPath, GateFault)] {
        var faults: [(EntryPath, GateFault)] = []
        for (path, entry) in layer.tree.sorted {
            do throws(GateFault) {
                try add(path, entry, of: layer)
            } catch {
                faults.append((path, error))
            }
        }
        return faults
    }

    private mutating func add(
        _ path: EntryPath, _ entry: FileEntry, of layer: ConsistencyGate.Layer
    ) throws(GateFault) {
        guard !path.name.starts(with: ".wh.".utf8) else {
            throw GateFault(.layerEntry, "is a whiteout in layer '\(layer.name)', which would remove a file")
        }
        let place = try place(of: path, layer)
        var entry = entry
        if case .hardLink(let target) = entry.kind {
            guard let file = layer.tree[target], case .regular = file.kind else {
                throw GateFault(
                    .layerEntry, "is a hard link to \(target), which is not a file of layer '\(layer.name)'")
            }
            entry = file
        }
        if let below = tree[place] {
            if case .symlink = below.kind, case .directory = entry.kind {
                throw GateFault(
                    .layerReplacesSymlink,
                    "is a directory in layer '\(layer.name)' and would replace the symlink of \(source(of: place))")
            }
            if case .directory = below.kind, entry.kind != .directory {
                guard !isOfBase(place) else {
                    throw GateFault(
                        .layerEntry, "is not a directory in layer '\(layer.name)' and would hide one of the base image")
                }
                remove { $0 != place && $0.isWithin(place) }
            }
        }
        put(entry, at: place, layer: layer.name)
    }

    /// Returns the place at which an unpacker puts an entry, following its parent's symlinks.
    private func place(of path: EntryPath, _ layer: ConsistencyGate.Layer) throws(GateFault) -> EntryPath {
        guard let parent = path.parent, !parent.isRoot else { return path }
        if tree.isDirectory(parent) { return path }
        let real = tree.resolve(parent).flatMap { tree.isDirectory($0) ? path.replacing(parent, with: $0) : nil }
        var ancestor: EntryPath? = parent
        while let at = ancestor, !at.isRoot {
            if case .symlink = tree[at]?.kind {
                guard let real else {
                    throw GateFault(
                        .layerBelowSymlink,
                        "lies in layer '\(layer.name)' below \(at), a symlink of \(source(of: at)) that does not lead to a directory"
                    )
                }
                // containerd follows the link; Docker on overlayfs puts a directory in its place.
                guard !isOfBase(at) else {
                    throw GateFault(
                        .layerBelowSymlink,
                        "lies in layer '\(layer.name)' below \(at), a symlink of the base image: use \(real)")
                }
            }
            ancestor = at.parent
        }
        if let real { return real }
        throw GateFault(
            .layerEntry, "lies in layer '\(layer.name)' below \(parent), which is not a directory of the image")
    }
}
