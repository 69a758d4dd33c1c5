import ImageAssembly
import LayerArchive
import OCIModel
import TestSupport
import Testing

@Suite struct WindowsLayerTests {
    private func drive(_ paths: [String]) throws -> FileTree {
        var tree = FileTree()
        for path in paths { try tree.add(file: path, [0x4d], mode: 0o555) }
        return tree
    }

    @Test func `the tree of a drive becomes Files and Hives, with every directory and Windows' metadata`() throws {
        var source = try drive(["/usr/local/bin/etcd-3.5.16.exe"])
        try source.add(
            "/usr/local/bin/etcd.exe", .hardLink(to: EntryPath("usr/local/bin/etcd-3.5.16.exe")), mode: 0o555)
        source[try EntryPath("usr/local")] = FileEntry(.directory, mode: 0o700, userID: 7, modified: 5)
        let layer = try WindowsLayer.tree(source, time: 9)
        #expect(layer.hasBareDirectoryNames)
        #expect(
            layer.sorted.map(\.path.description) == [
                "/Files", "/Files/usr", "/Files/usr/local", "/Files/usr/local/bin",
                "/Files/usr/local/bin/etcd-3.5.16.exe", "/Files/usr/local/bin/etcd.exe", "/Hives",
            ])
        for (path, entry) in layer.sorted {
            let isRoot = path.components.count == 1
            #expect(entry.paxRecords["MSWINDOWS.fileattr"] == (entry.kind == .directory ? "16" : "32"))
            #expect((entry.paxRecords["MSWINDOWS.rawsd"] == nil) == isRoot)
            #expect(entry.paxRecords["LIBARCHIVE.creationtime"] == "\(entry.modified)")
            #expect(entry.userID == 0)
        }
        let times = try ["Files", "Files/usr", "Files/usr/local", "Files/usr/local/bin"].map {
            layer[try EntryPath($0)]?.modified
        }
        #expect(times == [9, 9, 5, 9])
        #expect(
            layer[try EntryPath("Files/usr/local/bin/etcd.exe")]?.kind
                == .hardLink(to: try EntryPath("Files/usr/local/bin/etcd-3.5.16.exe")))
        let rights = layer[try EntryPath("Files/usr/local/bin/etcd.exe")]?.paxRecords["MSWINDOWS.rawsd"]
        #expect(rights?.hasPrefix("AQAEgBQAAAAkAAAAAAAAADAAAAABAgAAAAAABSAAAAAgAgAAAQEAAAAAAAUSAAAAAgBMAAMA") == true)
    }

    @Test func `the bytes of a fixed tree are fixed`() throws {
        let folder = try TemporaryFolder()
        let written = try folder.write(try WindowsLayer.tree(drive(["/usr/local/bin/etcd.exe"]), time: 1_700_000_000))
        #expect("\(written.diffID)" == "sha256:a2c21e7c1dfb48bcff9bb261e4abd978653035d978064b22bea57d9d19ffe30a")
    }

    @Test func `our own layers pass the importer, also when read from a tar`() throws {
        let folder = try TemporaryFolder()
        var source = try drive(["/usr/local/bin/a.exe", "/usr/local/bin/a-1.exe", "/usr/local/bin-x", "/etcd/é.txt"])
        source[try EntryPath("/usr/local/bin/a.exe")]?.kind = .hardLink(to: try EntryPath("/usr/local/bin/a-1.exe"))
        let layer = try folder.listing(try WindowsLayer.tree(source, time: 1))
        #expect(layer.entries.contains { if case .hardLink = $0.member.kind { true } else { false } })
        #expect(WindowsImporter.refusal(of: layer, isBase: false) == nil)
        #expect(layer.entries.allSatisfy { $0.member.path.last != UInt8(ascii: "/") })
        let empty = try folder.listing(try WindowsLayer.tree(FileTree(), time: 1))
        #expect(WindowsImporter.refusal(of: empty, isBase: false) == nil)
    }

    @Test(arguments: [
        ("/Windows/System32/etcd.exe", "belongs to the base image"), ("/windows", "belongs to the base image"),
        ("/PROGRAM FILES/x", "belongs to the base image"), ("/ProgramData/x", "belongs to the base image"),
        ("/Users/x", "belongs to the base image"), ("/License.txt", "belongs to the base image"),
        ("/usr/con", "name of a device"), ("/usr/NUL.txt", "name of a device"),
        ("/usr/com1.tar.gz", "name of a device"),
        ("/usr/lpt\u{b9}", "name of a device"), ("/usr/aux .x", "name of a device"), ("/usr/dot.", "ends with a dot"),
        ("/usr/space ", "ends with a space"), ("/usr/a:b", "contains ':'"), ("/usr/a*", "contains '*'"),
        ("/usr/a\\b", "contains '\\'"), ("/usr/a|b", "contains '|'"), ("/usr/\"", "contains '\"'"),
        ("/usr/a\nb", "control character"),
        ("/usr/.wh.a", "would remove a file"), ("/usr/" + String(repeating: "n", count: 256), "UTF-16 units"),
    ])
    func `a path that Windows cannot have or that the base has is refused`(_ path: String, _ reason: String) throws {
        let error = #expect(throws: ImageAssemblyError.self) { try WindowsLayer.tree(drive([path]), time: 0) }
        #expect(error?.code == .invalidInput)
        #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
    }

    @Test(arguments: ["/usr/console", "/usr/nul1", "/usr/com", "/usr/com10", "/usr/.hidden", "/winutils/x", "/usr/a b"])
    func `a path that only resembles a refused one is accepted`(_ path: String) throws {
        #expect(try WindowsLayer.tree(drive([path]), time: 0).entries.count > 3)
    }

    @Test(arguments: [
        (["/usr/A", "/usr/a"], true), (["/usr/bin/x", "/USR/y"], true), (["/usr/É", "/usr/é"], true),
        (["/usr/\u{1f80}", "/usr/\u{1f88}"], true), (["/usr/\u{1ff3}", "/usr/\u{1ffc}"], true),
        (["/usr/\u{131}", "/usr/i"], false), (["/usr/\u{17f}", "/usr/s"], false),
        (["/usr/\u{10428}", "/usr/\u{10400}"], false),
        (["/usr/ß", "/usr/SS"], false), (["/usr/\u{e9}", "/usr/e\u{301}"], false),
    ])
    func `names that differ only in case are the same name`(_ paths: [String], _ isConflict: Bool) throws {
        let source = try drive(paths)
        guard isConflict else {
            _ = try WindowsLayer.tree(source, time: 0)
            return
        }
        let error = #expect(throws: ImageAssemblyError.self) { try WindowsLayer.tree(source, time: 0) }
        #expect(error?.code == .conflict)
    }

    @Test func `a hard link that the importer could not make becomes a copy`() throws {
        let folder = try TemporaryFolder()
        var source = try drive(["/usr/m.exe"])
        let file = try EntryPath("/usr/m.exe")
        for name in ["/usr/a", "/usr/z", "/usr/zz"] + (0..<1100).map({ "/usr/link-\($0)" }) {
            try source.add(name, .hardLink(to: file), mode: 0o555)
        }
        let layer = try folder.listing(try WindowsLayer.tree(source, time: 1))
        #expect(WindowsImporter.refusal(of: layer, isBase: false) == nil)
        let links = layer.entries.filter { if case .hardLink = $0.member.kind { true } else { false } }
        #expect(links.count == 1023 && !links.contains { $0.path.description == "/Files/usr/z" })
        #expect(layer.entries.count { $0.member.kind == .regular } == 1104 - 1023)
    }

    @Test(arguments: [true, false])
    func `a directory whose name is too long for the importer is refused`(_ isImplied: Bool) throws {
        let path = "/" + String(repeating: "d", count: 246) + (isImplied ? "/f" : "")
        var tree = FileTree()
        tree[try EntryPath(path)] = FileEntry(isImplied ? .regular(.bytes([])) : .directory, mode: 0o755, modified: 0)
        let error = #expect(throws: ImageAssemblyError.self) { try WindowsLayer.tree(tree, time: 0) }
        #expect(error?.message.contains("more than 245 UTF-16 units") == true)
        _ = try WindowsLayer.tree(drive(["/" + String(repeating: "f", count: 255)]), time: 0)
    }

    @Test func `links, devices, attributes and names that are not UTF-8 are refused`() throws {
        let entries: [FileEntry] = [
            FileEntry(.symlink(target: Array("x".utf8)), mode: 0o777, modified: 0),
            FileEntry(.fifo, mode: 0, modified: 0),
            FileEntry(.characterDevice(major: 1, minor: 3), mode: 0, modified: 0),
            FileEntry(.directory, mode: 0o755, modified: 0, attributes: ["user.a": [1]]),
        ]
        for entry in entries {
            var tree = FileTree()
            tree[try EntryPath("usr")] = entry
            #expect(throws: ImageAssemblyError.self) { try WindowsLayer.tree(tree, time: 0) }
        }
        var tree = FileTree()
        tree[try EntryPath([0x75, 0xff])] = FileEntry(.directory, mode: 0o755, modified: 0)
        #expect(throws: ImageAssemblyError.self) { try WindowsLayer.tree(tree, time: 0) }
    }

    @Test func `paths are shown as Windows writes them`() throws {
        #expect(try EntryPath("/usr/local/bin/etcd.exe").windowsPath == #"C:\usr\local\bin\etcd.exe"#)
    }
}
