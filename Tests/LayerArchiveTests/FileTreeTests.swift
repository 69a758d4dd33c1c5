import LayerArchive
import OCIModel
import SystemPackage
import Testing

@Suite struct `File tree` {
    @Test func `equal files become links to the first in byte order`() throws {
        let folder = try TemporaryFolder()
        let bytes = noise(100_000)
        let one = try folder.file("one", bytes)
        let two = try folder.file("two", [9, 9] + bytes)
        let other = try folder.file("other", bytes.dropLast() + [0xff])
        func entry(_ file: FilePath, _ offset: Int64 = 0, mode: UInt16 = 0o555, modified: Int64 = 5) -> FileEntry {
            FileEntry(.regular(.slice(of: file, offset: offset, size: 100_000)), mode: mode, modified: modified)
        }
        let tree = try FileTree([
            ("b/same-slice", entry(one)), ("b/first", entry(one)), ("c/other-file", entry(two, 2)),
            ("d/other-bytes", entry(other)), ("d/other-mode", entry(one, mode: 0o755)),
            ("d/other-time", entry(one, modified: 6)),
            ("e/in-memory", FileEntry(.regular(.bytes(bytes)), mode: 0o555, modified: 5)),
            ("f/empty", .file("")), ("f/empty2", .file("")),
        ])
        let linked = try tree.linkingEqualFiles()
        let first = try EntryPath("b/first")
        for path in ["b/same-slice", "c/other-file", "e/in-memory"] {
            #expect(linked[try EntryPath(path)]?.kind == .hardLink(to: first))
        }
        for path in ["b/first", "d/other-bytes", "d/other-mode", "d/other-time", "f/empty", "f/empty2"] {
            #expect(linked[try EntryPath(path)] == tree[try EntryPath(path)])
        }
        let written = try folder.write(linked, .standard(.gzip))
        #expect(written.uncompressedSize < 5 * 101_000)
    }

    @Test func `files with the same slice are linked without being read`() throws {
        let slice = FileEntry(
            .regular(.slice(of: "/nonexistent", offset: 0, size: 10)), mode: 0o555, modified: 5)
        let linked = try FileTree([("a", slice), ("b", slice)]).linkingEqualFiles()
        #expect(linked[try EntryPath("b")]?.kind == .hardLink(to: try EntryPath("a")))
    }

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
