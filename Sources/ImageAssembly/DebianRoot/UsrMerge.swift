import LayerArchive
import OCIModel

/// The merged-/usr layout: `/bin`, `/sbin` and `/lib*` are links into `/usr` (Debian 12 ships directories there, whose
/// links the installer made; Debian 13 ships the links). `/usr/sbin` stays what it is.
enum UsrMerge {
    /// Links in every root filesystem.
    static let always = ["bin", "sbin", "lib"]
    /// Links where the architecture has such a directory in `/usr`.
    static let multilib = ["lib32", "lib64", "libo32", "libx32"]
    private static let names = Set((always + multilib).map { Array($0.utf8) })
    private static let usr = Array("usr".utf8)

    /// Whether `path` is one of the merged directories itself.
    static func isMerged(_ path: EntryPath) -> Bool { names.contains(path.bytes) }

    /// Where `path` lies once merged: `/bin/sh` at `/usr/bin/sh`.
    static func path(_ path: EntryPath) throws(ImageAssemblyError) -> EntryPath {
        guard names.contains(Array(path.bytes.prefix { $0 != UInt8(ascii: "/") })) else { return path }
        return try .of(usr + [UInt8(ascii: "/")] + path.bytes)
    }

    /// The path that a link at `path` leads to, by its text alone; `nil` where that leaves the root.
    static func destination(ofLinkAt path: EntryPath, to target: [UInt8]) throws(ImageAssemblyError) -> EntryPath? {
        let slash = UInt8(ascii: "/")
        var parts = target.first == slash ? [] : Array(path.components.dropLast())
        for part in target.split(separator: slash) where !part.elementsEqual(".".utf8) {
            if part.elementsEqual("..".utf8) {
                guard parts.popLast() != nil else { return nil }
            } else {
                parts.append(part)
            }
        }
        return try self.path(.of(Array(parts.joined(separator: [slash]))))
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
