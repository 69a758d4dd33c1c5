import LayerArchive
import OCIModel

/// The usr-merged union of the packages' trees, with the owner of each entry.
struct MergedPackages {
    private(set) var tree = FileTree()
    /// The name of the package that an entry comes from; there is none for what the merge itself adds.
    private(set) var owners: [EntryPath: String] = [:]
    private var replaces: [String: Set<String>] = [:]
    private var conflicts: [String] = []

    /// Merges the packages' trees.
    ///
    /// - Throws: `ImageAssemblyError` with the code `conflict`, naming every path that two packages claim for different
    ///   entries.
    init(_ packages: [InstalledPackage], time: Int64) throws(ImageAssemblyError) {
        for package in packages {
            replaces[package.name] = package.replaces
            for (path, entry) in package.tree.sorted { try add(entry, at: path, of: package.name) }
        }
        try UsrMerge.addLinks(to: &tree, time: time)
        checkHardLinks()
        guard conflicts.isEmpty else {
            let shown = conflicts.prefix(50).map { "  " + $0 } + (conflicts.count > 50 ? ["  …"] : [])
            throw ImageAssemblyError(
                .conflict, "cannot merge the packages into one root filesystem:\n" + shown.joined(separator: "\n"),
                hint: "lock packages that Debian allows to be installed together")
        }
    }

    private mutating func add(
        _ entry: FileEntry, at original: EntryPath, of package: String
    ) throws(ImageAssemblyError) {
        if UsrMerge.isMerged(original) {
            try addMergedDirectory(entry, at: original, of: package)
            return
        }
        let path = try UsrMerge.path(original)
        var entry = entry
        switch entry.kind {
        case .hardLink(let target): entry.kind = .hardLink(to: try UsrMerge.path(target))
        case .symlink(let target):
            // Debian 12 ships `/usr/bin/touch -> /bin/touch`: one file, once merged.
            if try UsrMerge.destination(ofLinkAt: path, to: target) == path { return }
        default: break
        }
        guard let other = tree[path], let owner = owners[path] else { return put(entry, at: path, of: package) }
        if other.isSame(as: entry) || replaces[owner]?.contains(package) == true { return }
        guard replaces[package]?.contains(owner) == true else {
            conflicts.append("\(path): a \(other.noun) of \(owner), a \(entry.noun) of \(package)")
            return
        }
        put(entry, at: path, of: package)
    }

    /// Merges an entry for `/bin` or a similar path: a link is kept, and a directory gives way to it.
    private mutating func addMergedDirectory(
        _ entry: FileEntry, at path: EntryPath, of package: String
    ) throws(ImageAssemblyError) {
        switch entry.kind {
        case .directory: break
        case .symlink(let target):
            guard try UsrMerge.destination(ofLinkAt: path, to: target) == UsrMerge.path(path) else { fallthrough }
            if tree[path] == nil { put(entry, at: path, of: package) }
        default:
            conflicts.append("\(path): a \(entry.noun) of \(package), where the link into /usr must be")
        }
    }

    private mutating func put(_ entry: FileEntry, at path: EntryPath, of package: String) {
        tree[path] = entry
        owners[path] = package
    }

    /// Checks that every hard link leads to a regular file of its own package; after a replacement it would lead to
    /// another package's.
    private mutating func checkHardLinks() {
        for (path, entry) in tree.sorted {
            guard case .hardLink(let target) = entry.kind else { continue }
            if case .regular = tree[target]?.kind, owners[target] == owners[path] { continue }
            conflicts.append("\(path): a hard link of \(owners[path] ?? "") to \(target), which it does not ship")
        }
    }
}

extension FileEntry {
    /// Returns whether two packages may both ship this entry: directories merge, and other entries must be equal except
    /// for their times.
    fileprivate func isSame(as other: FileEntry) -> Bool {
        if case .directory = kind, case .directory = other.kind { return true }
        var copy = other
        copy.modified = modified
        return self == copy
    }

    /// A noun for the entry, for messages.
    var noun: String {
        switch kind {
        case .regular: "file"
        case .directory: "directory"
        case .symlink: "symbolic link"
        case .hardLink: "hard link"
        case .characterDevice, .blockDevice: "device"
        case .fifo: "named pipe"
        }
    }
}
