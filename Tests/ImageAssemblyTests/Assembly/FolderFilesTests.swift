import DurableFiles
import ImageAssembly
import ImageDefinition
import LayerArchive
import OCIModel
import SystemPackage
import TestSupport
import Testing

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
                try FileSystem.makeSymlink(folder.pushing(FilePath(place)), to: folder.appending("elsewhere").string)
            }
            let file = Definition.ExtraFile(source: source, path: try EntryPath("file"), mode: nil, owner: .init())
            let error = #expect(throws: FileError.self) {
                try FolderFiles([file], in: image, for: Platform(os: "linux", architecture: "amd64"))
            }
            #expect(error?.code == .notPlain)
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
