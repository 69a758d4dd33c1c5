package import LayerArchive
package import OCIModel

/// The root filesystem that a container of an image sees: its layers laid on each other as an unpacker does it.
///
/// Hard links are shown as the regular files that they are names of.
package struct MergedRoot: Sendable {
    package internal(set) var entries: [EntryPath: FileEntry] = [:]
    /// By which of the image's own layers each entry came; the others are the base image's.
    private var origins: [EntryPath: String] = [:]

    package init() {}

    /// Byte order of the paths.
    var sorted: [(path: EntryPath, entry: FileEntry)] {
        entries.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// Whether an entry is there, and no layer of the image's own has touched it.
    func isOfBase(_ path: EntryPath) -> Bool { entries[path] != nil && origins[path] == nil }

    private func origin(_ path: EntryPath) -> String { origins[path].map { "layer '\($0)'" } ?? "the base image" }

    /// Lays one more layer on top, and returns what is wrong with it, in byte order of the paths.
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
                throw GateFault(.layerEntry, "is a hard link to \(target), which is no file of layer '\(layer.name)'")
            }
            entry = file
        }
        if let below = entries[place] {
            if case .symlink = below.kind, case .directory = entry.kind {
                throw GateFault(
                    .layerReplacesSymlink,
                    "is a directory in layer '\(layer.name)' and would replace the symlink of \(origin(place))")
            }
            if case .directory = below.kind, entry.kind != .directory {
                guard !isOfBase(place) else {
                    throw GateFault(
                        .layerEntry, "is no directory in layer '\(layer.name)', and would hide one of the base image")
                }
                removeContents(of: place)
            }
        }
        entries[place] = entry
        origins[place] = layer.name
    }

    /// Where an unpacker puts an entry: its parent's symlinks are followed.
    private func place(of path: EntryPath, _ layer: ConsistencyGate.Layer) throws(GateFault) -> EntryPath {
        guard let parent = path.parent, !parent.isRoot else { return path }
        if isDirectory(parent) { return path }
        let real = resolve(parent).flatMap { isDirectory($0) ? path.replacing(parent, with: $0) : nil }
        var ancestor: EntryPath? = parent
        while let at = ancestor, !at.isRoot {
            if case .symlink = entries[at]?.kind {
                guard let real else {
                    throw GateFault(
                        .layerBelowSymlink,
                        "lies in layer '\(layer.name)' below \(at), a symlink of \(origin(at)) that leads to no directory"
                    )
                }
                // containerd follows the link; Docker on overlayfs puts a directory in its place.
                guard !isOfBase(at) else {
                    throw GateFault(
                        .layerBelowSymlink,
                        "lies in layer '\(layer.name)' below \(at), a symlink of the base image: write \(real)")
                }
            }
            ancestor = at.parent
        }
        if let real { return real }
        throw GateFault(
            .layerEntry, "lies in layer '\(layer.name)' below \(parent), which is no directory of the image")
    }

    private mutating func removeContents(of directory: EntryPath) {
        for path in entries.keys where path != directory && path.isWithin(directory) {
            entries[path] = nil
            origins[path] = nil
        }
    }
}
