import Foundation
import LayerArchive
import OCIModel
import SystemPackage
import TestSupport
import Testing

@Suite struct `Zip archives` {
    private static let modified: Int64 = 1_784_000_001

    private func tree(_ files: [String: FileEntry.Kind]) throws -> FileTree {
        var tree = FileTree()
        for (path, kind) in files {
            let mode: UInt16 = kind == .directory || path.hasSuffix("etcd") ? 0o755 : 0o644
            tree[try EntryPath(path)] = FileEntry(kind, mode: mode, modified: Self.modified)
        }
        tree.addMissingParents(time: Self.modified)
        return tree
    }

    private func sample() throws -> FileTree {
        try tree([
            "v1/etcd": .regular(.bytes((0..<100_000).map { UInt8(truncatingIfNeeded: $0 / 100) })),
            "v1/README.md": .regular(.bytes(Array("read me\n".utf8))), "v1/empty": .regular(.bytes([])),
            "v1/Ü/x": .regular(.bytes(Array("ü".utf8))), "v1/again": .hardLink(to: try EntryPath("v1/README.md")),
            "v1/link": .symlink(target: Array("README.md".utf8)),
        ])
    }

    private func write(_ tree: FileTree, in folder: borrowing TemporaryFolder) throws {
        try folder.withOutput("a.zip") { try ZipFile.write(tree, to: $0, isCancelled: { false }) }
    }

    @Test(arguments: [
        "unzip -tqq a.zip && unzip -qq a.zip -d out", "bsdtar -xf a.zip -C out",
        "python3 -c 'import zipfile; z = zipfile.ZipFile(\"a.zip\"); assert z.testzip() is None; z.extractall(\"out\")'",
    ])
    func `other programs unpack what was written`(_ command: String) async throws {
        guard has(String(command.prefix { $0 != " " })) else { return }
        let folder = try TemporaryFolder()
        try write(try sample(), in: folder)
        #expect(try await run("mkdir out && export LC_ALL=C.UTF-8 && \(command)", in: folder.path) == 0)
        let out = folder.path.appending("out").appending("v1")
        #expect(try contents(out.appending("README.md")) == Array("read me\n".utf8))
        #expect(try contents(out.appending("again")) == Array("read me\n".utf8))
        #expect(try contents(out.appending("empty")).isEmpty)
        #expect(try contents(out.appending("Ü").appending("x")) == Array("ü".utf8))
        #expect(try contents(out.appending("etcd")).count == 100_000)
        guard !command.contains("python3") else { return }
        #expect(
            try await run(
                "[ -x out/v1/etcd ] && ! [ -x out/v1/README.md ] && [ \"$(readlink out/v1/link)\" = README.md ]"
                    + " && [ \"$(stat -c %Y out/v1/etcd)\" = \(Self.modified) ]", in: folder.path) == 0)
    }

    @Test func `our own reader reads what was written`() throws {
        let folder = try TemporaryFolder()
        let program = FileEntry.Kind.regular(.bytes([UInt8](repeating: 7, count: 1000)))
        try write(try tree(["v1/etcd": program]), in: folder)
        let opened = try `Release archives`.open(try contents(folder.path.appending("a.zip")), in: folder)
        let entry = try #require(try opened.package.tree[EntryPath("v1/etcd")])
        #expect(entry.mode == 0o755)
        // A zip's own times have steps of two seconds.
        #expect(entry.modified == Self.modified - 1)
        #expect(try `Release archives`.content("v1/etcd", opened) == [UInt8](repeating: 7, count: 1000))
    }

    @Test func `the bytes are those of the specification, whatever is around`() throws {
        let folder = try TemporaryFolder()
        try write(try tree(["a/b.txt": .regular(.bytes(Array("hello".utf8)))]), in: folder)
        let bytes = try contents(folder.path.appending("a.zip"))
        // A folder, a stored file, their list and the end.
        #expect(bytes.count == (30 + 2 + 9) + (30 + 7 + 9 + 5) + (46 + 2 + 9) + (46 + 7 + 9) + 22)
        #expect(bytes[..<10] == [0x50, 0x4b, 3, 4, 20, 0, 0, 0, 0, 0])
    }

    @Test(arguments: [
        ("v1/aux.txt", "Windows reserves the name aux.txt for a device"), ("v1/com1", "Windows reserves the name com1"),
        ("v1/a:b", "Windows allows no control characters"), ("v1/dot.", "Windows allows no dot or space at the end"),
        ("v1/readme.MD", "Windows takes it for the same as /v1/README.md"),
    ])
    func `names that Windows refuses are refused`(_ path: String, _ reason: String) throws {
        let folder = try TemporaryFolder()
        let tree = try tree([path: .regular(.bytes([])), "v1/README.md": .regular(.bytes([]))])
        let error = try #require(throws: LayerArchiveError.self) { try write(tree, in: folder) }
        #expect(error.code == .invalidTree)
        #expect(error.message.hasPrefix("cannot write /\(path) to a zip archive: \(reason)"))
    }

    @Test func `what no zip archive holds is refused`() throws {
        let folder = try TemporaryFolder()
        let pipe = #expect(throws: LayerArchiveError.self) { try write(try tree(["v1/pipe": .fifo]), in: folder) }
        #expect(pipe?.message == "cannot write /v1/pipe to a zip archive: it is a named pipe")
        let large = FileEntry.Kind.regular(.file("/dev/zero", size: 2 << 30))
        let error = #expect(throws: LayerArchiveError.self) { try write(try tree(["v1/large": large]), in: folder) }
        #expect(error?.code == .tooLarge)
    }
}
