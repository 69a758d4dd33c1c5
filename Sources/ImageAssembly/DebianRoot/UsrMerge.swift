import LayerArchive
import OCIModel

/// The merged-/usr layout: `/bin`, `/sbin` and `/lib*` are links into `/usr`. Debian 12 ships directories there and
/// leaves the links to the installer; Debian 13 ships the links. `/usr/sbin` stays as it is.
enum UsrMerge {
    /// The links in every root filesystem.
    static let always = ["bin", "sbin", "lib"]
    /// The links that exist if the architecture has such a directory in `/usr`.
    static let multilib = ["lib32", "lib64", "libo32", "libx32"]
    private static let names = Set((always + multilib).map { Array($0.utf8) })
    private static let usr = Array("usr".utf8)

    /// Returns whether `path` is itself one of the merged directories.
    static func isMerged(_ path: EntryPath) -> Bool { names.contains(path.bytes) }

    /// Returns the place of `path` after the merge: `/bin/sh` at `/usr/bin/sh`.
    static func path(_ path: EntryPath) throws(ImageAssemblyError) -> EntryPath {
        guard names.contains(Array(path.bytes.prefix { $0 != UInt8(ascii: "/") })) else { return path }
        return try .of(usr + [UInt8(ascii: "/")] + path.bytes)
    }

    /// Returns the path that a link at `path` leads to after the merge, judging by its text alone, or `nil` if that
    /// leaves the root.
    static func destination(ofLinkAt path: EntryPath, to target: [UInt8]) throws(ImageAssemblyError) -> EntryPath? {
        guard let destination = path.destination(ofLinkTo: target) else { return nil }
        return try self.path(destination)
    }

    /// Adds the links that no package ships, and the directories that they lead to.
    static func addLinks(to tree: inout FileTree, time: Int64) throws(ImageAssemblyError) {
        for name in always + multilib {
            let link = try EntryPath.of(name)
            let directory = try EntryPath.of("usr/" + name)
            guard
                always.contains(name) || tree[link] != nil
                    || tree.entries.keys.contains(where: { $0.isWithin(directory) })
            else { continue }
            if tree[link] == nil {
                tree[link] = FileEntry(.symlink(target: Array("usr/\(name)".utf8)), mode: 0o777, modified: time)
            }
            if tree[directory] == nil { tree[directory] = FileEntry(.directory, mode: 0o755, modified: time) }
        }
    }
}

extension EntryPath {
    static func of(_ bytes: some Sequence<UInt8>) throws(ImageAssemblyError) -> EntryPath {
        do { return try EntryPath(bytes) } catch { throw ImageAssemblyError(.invalidInput, error.message) }
    }

    static func of(_ text: String) throws(ImageAssemblyError) -> EntryPath { try of(text.utf8) }
}
