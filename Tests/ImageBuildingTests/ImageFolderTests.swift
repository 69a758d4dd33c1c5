import DurableFiles
import SystemPackage
import TestSupport
import Testing

@testable import ImageBuilding

/// The folders that a build writes to when nobody says otherwise: a checkout can carry links in their place.
@Suite struct ImageFolderTests {
    @Test(arguments: [".imagebuild", ".imagebuild/oci", ".imagebuild/oci/tool"])
    func `an output of ours is not behind a link`(name: String) throws {
        try withTemporaryFolder { folder in
            let image = folder.pushing("images/tool")
            try FileSystem.makeDirectories(image)
            let definition = "schema: 1\nname: tool\nplatforms: [linux/amd64]\nrevision: 0\n"
            try FileSystem.write(Array(definition.utf8), to: image.appending("image.yaml"))
            let honest = try ImageFolder("tool", from: folder)
            #expect(try honest.defaultLayout == folder.pushing(".imagebuild/oci/tool"))
            let planted = folder.pushing(FilePath(name))
            try FileSystem.makeDirectories(planted.removingLastComponent())
            try FileSystem.makeSymlink(planted, to: "/nonexistent".utf8)
            let error = #expect(throws: FileError.self) { try honest.defaultLayout }
            #expect(error?.code == .notPlain)
        }
    }
}
