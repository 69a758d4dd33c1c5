import LayerArchive
import OCIModel
import Testing

@testable import ImageAssembly

@Suite struct MergedRootTests {
    private func merge(_ layers: [(String, (inout FileTree) throws -> Void)]) throws -> (MergedRoot, [String]) {
        var root = MergedRoot()
        var faults: [String] = []
        for (name, build) in layers {
            var tree = FileTree()
            try build(&tree)
            faults += root.add(.init(name: name, tree: tree)).map { "\($0.0): \($0.1.message) (\($0.1.rule.rawValue))" }
        }
        return (root, faults)
    }

    private func base(_ tree: inout FileTree) throws {
        for path in ["/usr", "/usr/bin", "/srv"] { try tree.add(path, .directory) }
        try tree.add(link: "/bin", "usr/bin")
        try tree.add(link: "/loop", "loop")
        try tree.add(link: "/absolute", "/usr/../usr/bin/")
        try tree.add(file: "/usr/bin/sh", [1])
    }

    @Test func `a directory over a lower symlink is refused`() throws {
        let (root, faults) = try merge([("base", base), ("top", { try $0.add("/bin", .directory) })])
        #expect(
            faults == [
                "/bin: is a directory in layer 'top' and would replace the symlink of layer 'base' (layer-replaces-symlink)"
            ])
        #expect(root.tree.resolve(try EntryPath("/bin/sh")) == (try EntryPath("/usr/bin/sh")))
    }

    @Test func `an entry below a lower symlink is put where the link leads`() throws {
        let (root, faults) = try merge([
            ("base", base),
            (
                "top",
                {
                    try $0.add(file: "/bin/a", []); try $0.add(file: "/absolute/b", [])
                }
            ),
        ])
        #expect(faults == [])
        #expect(root.tree.entries.keys.contains(try EntryPath("/usr/bin/a")))
        #expect(root.tree.entries.keys.contains(try EntryPath("/usr/bin/b")))
        #expect(!root.tree.entries.keys.contains(try EntryPath("/bin/a")))
    }

    @Test func `an entry below a symlink that leads nowhere is refused`() throws {
        let (_, faults) = try merge([("base", base), ("top", { try $0.add(file: "/loop/a", []) })])
        #expect(
            faults == [
                "/loop/a: lies in layer 'top' below /loop, a symlink of layer 'base' that does not lead to a directory (layer-below-symlink)"
            ])
    }

    @Test func `an entry without a directory to hold it is refused`() throws {
        let (_, faults) = try merge([
            ("base", base),
            (
                "top",
                {
                    try $0.add(file: "/usr/bin/sh/a", []); try $0.add(file: "/none/a", [])
                }
            ),
        ])
        #expect(
            faults.count == 2
                && faults.allSatisfy { $0.hasSuffix("which is not a directory of the image (layer-entry)") })
    }

    @Test func `whiteouts and dangling hard links are refused`() throws {
        let (_, faults) = try merge([
            ("base", base),
            (
                "top",
                {
                    try $0.add(file: "/usr/.wh.bin", [])
                    try $0.add("/srv/a", .hardLink(to: try EntryPath("/usr/bin/sh")))
                }
            ),
        ])
        #expect(faults.count == 2 && faults.allSatisfy { $0.hasSuffix("(layer-entry)") })
    }

    @Test func `a file over a lower directory removes the directory's contents`() throws {
        let (root, faults) = try merge([("base", base), ("top", { try $0.add(file: "/usr/bin", []) })])
        #expect(faults == [])
        #expect(root.tree.resolve(try EntryPath("/usr/bin/sh")) == nil)
    }

    @Test func `resolution follows relative and absolute links, stays inside the root, and terminates`() throws {
        var links = FileTree()
        try base(&links)
        try links.add(link: "/srv/up", "../../../../usr/bin/./sh")
        try links.add(link: "/srv/through-file", "/usr/bin/sh/x")
        try links.add(link: "/srv/ping", "pong")
        try links.add(link: "/srv/pong", "ping")
        try links.add(link: "/srv/empty", "")
        for n in 0..<39 { try links.add(link: "/srv/n\(n)", "n\(n + 1)") }
        try links.add(link: "/srv/n39", "/bin/sh")
        var root = MergedRoot()
        #expect(root.add(.init(name: "base", tree: links)).isEmpty)
        let shell = try EntryPath("/usr/bin/sh")
        #expect(root.tree.resolve(try EntryPath("/srv/up")) == shell)
        #expect(root.tree.resolve(Array("../bin//sh".utf8), from: try EntryPath("/srv")) == shell)
        // n2 is 38 links and /bin the 39th; n0 is one too many.
        #expect(root.tree.resolve(try EntryPath("/srv/n2")) == shell)
        for name in ["through-file", "ping", "empty", "n0", "none"] {
            #expect(root.tree.resolve(try EntryPath("/srv/" + name)) == nil)
        }
    }

    @Test func `long targets cannot make resolution expensive`() throws {
        var tree = FileTree()
        try tree.add(link: "/a", String(repeating: "a/", count: 2000))
        var root = MergedRoot()
        _ = root.add(.init(name: "base", tree: tree))
        #expect(root.tree.resolve(try EntryPath("/a")) == nil)
    }
}
