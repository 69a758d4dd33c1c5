import LayerArchive
import OCIModel
import SystemPackage
import TestSupport
import Testing

@Suite struct `File tree` {
    @Test func `missing parents are listed in byte order`() throws {
        let tree = try FileTree([
            ("usr/bin/etcd", .file("x")), ("usr", .folder), ("a/b/c/d", .file("x")), ("top", .file("x")),
        ])
        #expect(tree.missingParents == (try ["a", "a/b", "a/b/c", "usr/bin"].map { try EntryPath($0) }))
        try tree.checkStructure()
    }

    static var broken: [[(String, FileEntry)]] {
        get throws {
            [
                [("a", .file("x")), ("a/b", .file("y"))],
                [("a", FileEntry(.symlink(target: [0x62]), mode: 0o777, modified: 0)), ("a/c/d", .file("y"))],
                [("a", FileEntry(.hardLink(to: try EntryPath("gone")), mode: 0, modified: 0))],
                [("a", FileEntry(.hardLink(to: try EntryPath("a")), mode: 0, modified: 0))],
                [
                    ("a", FileEntry(.hardLink(to: try EntryPath("b")), mode: 0, modified: 0)),
                    ("b", FileEntry(.hardLink(to: try EntryPath("a")), mode: 0, modified: 0)),
                ],
                [("a", FileEntry(.hardLink(to: try EntryPath("d")), mode: 0, modified: 0)), ("d", .folder)],
            ]
        }
    }

    @Test(arguments: 0..<6)
    func `a tree that a tar cannot hold is refused, naming the path`(_ index: Int) throws {
        let tree = try FileTree(Self.broken[index])
        let error = #expect(throws: LayerArchiveError.self) { try tree.checkStructure() }
        #expect(error?.code == .invalidTree)
        #expect(error?.message.hasPrefix("/a") == true)
    }

    @Test func `attribute names, device numbers and targets that a tar cannot hold are refused`() throws {
        let folder = try TemporaryFolder()
        for entry in [
            FileEntry(.fifo, mode: 0, modified: 0, attributes: ["user.a=b": []]),
            FileEntry(.blockDevice(major: 1 << 21, minor: 0), mode: 0, modified: 0),
            FileEntry(.symlink(target: []), mode: 0o777, modified: 0),
            FileEntry(.symlink(target: [0x61, 0]), mode: 0o777, modified: 0),
        ] {
            let error = #expect(throws: LayerArchiveError.self) {
                try folder.write(try FileTree([("x", entry)]), .standard(.gzip))
            }
            #expect(error?.code == .invalidTree)
        }
    }
}
