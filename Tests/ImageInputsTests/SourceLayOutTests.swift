import DurableFiles
import LayerArchive
import OCIModel
import SystemPackage
import TestSupport
import Testing

@testable import ImageInputs

/// Go sources, laid out for the compiler: nothing of this machine gets in through a link.
@Suite struct SourceLayOutTests {
    private func tree(_ entries: [(String, FileEntry.Kind)]) throws -> FileTree {
        var tree = FileTree()
        for (path, kind) in entries {
            tree[try EntryPath(path)] = FileEntry(kind, mode: 0o755, userID: 0, groupID: 0, modified: 0)
        }
        return tree
    }

    private func link(_ text: String) -> FileEntry.Kind { .symlink(target: Array(text.utf8)) }

    @Test func `a link is written as the way to its destination`() throws {
        try withTemporaryFolder { folder in
            let text = FileContent.bytes(Array("package a".utf8))
            let tree = try tree([
                ("vendor", .directory), ("vendor/a", .directory), ("vendor/a/a.go", .regular(text)),
                ("b", link("vendor/a")), ("c.go", link("b/a.go")), ("vendor/d.go", link("/c.go")),
            ])
            let root = folder.appending("source")
            try tree.layOut(in: root, isCancelled: { false })
            #expect(FileSystem.symbolicLinkTarget(root.appending("b")) == "vendor/a")
            #expect(FileSystem.symbolicLinkTarget(root.appending("c.go")) == "vendor/a/a.go")
            #expect(FileSystem.symbolicLinkTarget(root.pushing("vendor/d.go")) == "a/a.go")
            #expect(try FileSystem.read(root.pushing("vendor/d.go"), limit: 100) == Array("package a".utf8))
        }
    }

    @Test func `names and the ways to them keep bytes that are not text`() throws {
        try withTemporaryFolder { folder in
            let name = Array("caf".utf8) + [0xe9]
            var tree = try tree([
                ("link", .symlink(target: name)), ("link-to-file", .symlink(target: name + Array("/a".utf8))),
            ])
            for (path, kind) in [(name, .directory), (name + Array("/a".utf8), .regular(.bytes([1])))]
                as [([UInt8], FileEntry.Kind)]
            {
                tree[try EntryPath(path)] = FileEntry(kind, mode: 0o755, userID: 0, groupID: 0, modified: 0)
            }
            let root = folder.appending("source")
            try tree.layOut(in: root, isCancelled: { false })
            #expect(FileSystem.rawSymbolicLinkTarget(root.appending("link")) == name)
            #expect(try FileSystem.read(root.appending("link-to-file"), limit: 9) == [1])
            try FileSystem.removeTree(root)
            #expect(try FileSystem.names(in: folder) == [])
        }
    }

    @Test func `folders without entries of their own are there for links`() throws {
        try withTemporaryFolder { folder in
            let text = FileContent.bytes(Array("package a".utf8))
            let tree = try tree([
                ("usr/share/go/src/a/a.go", .regular(text)), ("usr/lib/go/src", link("../../share/go/src")),
            ])
            try tree.layOut(in: folder.appending("root"), isCancelled: { false })
            #expect(try FileSystem.read(folder.pushing("root/usr/lib/go/src/a/a.go"), limit: 100) != nil)
        }
    }

    /// Links that stay inside by their text, and lead out through each other.
    @Test(arguments: [
        [("d", "."), ("e.go", "d/../secret.go")], [("d", "deep/er"), ("e.go", "d/../../../secret.go")],
        [("e.go", "../secret.go")], [("e.go", "/secret.go")], [("d", "e.go"), ("e.go", "d")],
        [("d", ".."), ("e.go", "d/secret.go")], [("deep/up", ".."), ("e.go", "deep/up/../secret.go")],
    ])
    func `no link leads out of the folder`(links: [(String, String)]) throws {
        try withTemporaryFolder { folder in
            try FileSystem.write(Array("secret".utf8), to: folder.appending("secret.go"))
            var entries: [(String, FileEntry.Kind)] = [("deep", .directory), ("deep/er", .directory)]
            entries += links.map { ($0, link($1)) }
            let root = folder.appending("source")
            try tree(entries).layOut(in: root, isCancelled: { false })
            #expect((try? FileSystem.read(root.appending("e.go"), limit: 100) ?? nil) == nil)
        }
    }
}
