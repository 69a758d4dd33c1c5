import LayerArchive
import OCIModel

/// The packages' trees in one, usr-merged, and whose each entry is.
struct MergedPackages {
    private(set) var tree = FileTree()
    /// The name of the package that an entry comes from; none for what the merge itself adds.
    private(set) var owners: [EntryPath: String] = [:]
    private var replaces: [String: Set<String>] = [:]
    private var conflicts: [String] = []

    /// - Throws: `conflict` naming every path that two packages claim for different things.
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
                hint: "lock packages that Debian lets be installed together")
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

    /// `/bin` and its like: the link is kept, a directory gives way to it.
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

    /// A hard link must lead to a regular file of its own package: after a replacement it would lead to another's.
    private mutating func checkHardLinks() {
        for (path, entry) in tree.sorted {
            guard case .hardLink(let target) = entry.kind else { continue }
            if case .regular = tree[target]?.kind, owners[target] == owners[path] { continue }
            conflicts.append("\(path): a hard link of \(owners[path] ?? "") to \(target), which it does not ship")
        }
    }
}

extension FileEntry {
    /// Whether two packages may both ship this: directories merge, other things must be the same but for their time.
    fileprivate func isSame(as other: FileEntry) -> Bool {
        if case .directory = kind, case .directory = other.kind { return true }
        var copy = other
        copy.modified = modified
        return self == copy
    }
}
