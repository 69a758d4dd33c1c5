import DurableFiles
import ImageAssembly
import ImageDefinition
import LayerArchive
import OCIModel
import SystemPackage
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// The definition's files in the image's folder: a checkout can carry links to any place of this machine.
@Suite struct FolderFilesTests {
    @Test(arguments: ["linked/passwd", "a/linked/passwd", "../linked/x/passwd"])
    func `a source behind a link is refused`(source: String) throws {
        try withTemporaryFolder { folder in
            let image = folder.appending("image")
            try FileSystem.makeDirectories(image.appending("a"))
            try FileSystem.makeDirectories(folder.pushing("elsewhere/x"))
            try FileSystem.write([1], to: folder.pushing("elsewhere/passwd"))
            try FileSystem.write([1], to: folder.pushing("elsewhere/x/passwd"))
            for place in ["image/linked", "image/a/linked", "linked"] {
                try FileSystem.makeSymlink(
                    folder.pushing(FilePath(place)), to: folder.appending("elsewhere").string.utf8)
            }
            let file = Definition.ExtraFile(source: source, path: try EntryPath("file"), mode: nil, owner: .init())
            let error = #expect(throws: FileError.self) {
                try FolderFiles([file], in: image, for: Platform(os: "linux", architecture: "amd64"))
            }
            #expect(error?.code == .notPlain)
        }
    }

    /// Between the look at the folder and the reading of its files, whoever can write it has time.
    @Test(arguments: ["d", "d/below", "d/below/file"])
    func `what became a link after it was looked at is not read`(swapped: String) throws {
        try withTemporaryFolder { folder in
            let image = folder.appending("image")
            for place in [image.pushing("d/below"), folder.pushing("elsewhere/below")] {
                try FileSystem.makeDirectories(place)
                try FileSystem.write(Array("four".utf8), to: place.appending("file"))
            }
            // The path that the user chose may be a link.
            try FileSystem.makeSymlink(folder.appending("chosen"), to: image.bytes)
            let file = Definition.ExtraFile(source: "d", path: try EntryPath("d"), mode: nil, owner: .init())
            let tree = try FolderFiles(
                [file], in: folder.appending("chosen"), for: Platform(os: "linux", architecture: "amd64")
            ).tree
            guard case .regular(let content) = tree[try EntryPath("d/below/file")]?.kind else {
                throw FileError(.notPlain, "no file")
            }
            #expect(try ContentReader().readAll(content, limit: 10) == Array("four".utf8))
            let names = FilePath(swapped).components.dropFirst().reduce(folder.appending("elsewhere")) {
                $0.appending($1)
            }
            try FileSystem.removeTree(image.pushing(FilePath(swapped)))
            try FileSystem.makeSymlink(image.pushing(FilePath(swapped)), to: names.bytes)
            let error = #expect(throws: LayerArchiveError.self) { try ContentReader().readAll(content, limit: 10) }
            #expect(error?.code == .escape)
            #expect(throws: LayerArchiveError.self) { try tree.contentDigest() }
            #expect(throws: LayerArchiveError.self) {
                try content.copy(to: folder.appending("copy"), mode: 0o644)
            }
        }
    }

    @Test func `names and targets of links are taken as they are, text or not`() throws {
        try withTemporaryFolder { folder in
            let source = folder.pushing("image/d")
            try FileSystem.makeDirectories(source)
            let (name, other): ([UInt8], [UInt8]) = ([0xff, 0x61], [0xfe, 0x61])
            for bytes in [name, other] {
                let file = try FileDescriptor.open(
                    source.appending(bytes: bytes), .writeOnly, options: .create, permissions: .ownerReadWrite)
                try file.closeAfter { _ = try file.writeAll(bytes) }
            }
            let target = name.map { CChar(bitPattern: $0) } + [0]
            let made = source.appending(bytes: [0x6c, 0xff]).withPlatformString { symlink(target, $0) }
            try #require(made == 0)
            let file = Definition.ExtraFile(source: "d", path: try EntryPath("d"), mode: nil, owner: .init())
            let tree = try FolderFiles(
                [file], in: folder.appending("image"), for: Platform(os: "linux", architecture: "amd64")
            ).tree
            for bytes in [name, other] {
                let entry = try #require(tree[try EntryPath(Array("d/".utf8) + bytes)])
                guard case .regular(let content) = entry.kind else { throw FileError(.notPlain, "no file") }
                #expect(try ContentReader().readAll(content, limit: 10) == bytes)
            }
            #expect(tree[try EntryPath(Array("d/l".utf8) + [0xff])]?.kind == .symlink(target: name))
        }
    }

    @Test func `a source in a folder beside it is read`() throws {
        try withTemporaryFolder { folder in
            try FileSystem.makeDirectories(folder.pushing("image/a"))
            try FileSystem.write([1], to: folder.pushing("image/a/file"))
            let file = Definition.ExtraFile(source: "a/file", path: try EntryPath("file"), mode: nil, owner: .init())
            let found = try FolderFiles(
                [file], in: folder.appending("image"), for: Platform(os: "linux", architecture: "amd64"))
            #expect(found.tree[try EntryPath("file")] != nil)
        }
    }
}
