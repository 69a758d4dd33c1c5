import DurableFiles
import SystemPackage
import TestSupport
import Testing

@Suite struct FileReplacementTests {
    private struct Failure: Error {}

    @Test func `a file is replaced as a whole`() throws {
        try withTemporaryFolder { folder in
            let file = folder.appending("file")
            try FileSystem.write([1, 2, 3], to: file)
            try FileSystem.write([4], to: file)
            #expect(try FileSystem.read(file, limit: 10) == [4])
            #expect(try FileSystem.names(in: folder) == ["file"])
        }
    }

    @Test func `nothing but a plain file is replaced in an open folder`() throws {
        try withTemporaryFolder { folder in
            let open = try Folder(at: folder)
            try FileSystem.makeSymlink(folder.appending("link"), to: "elsewhere".utf8)
            try FileSystem.makeDirectories(folder.appending("folder"))
            for name in ["link", "folder"] {
                let error = #expect(throws: FileError.self) { try open.write([1], to: name) }
                #expect(error?.code == .notPlain)
            }
            #expect(try FileSystem.names(in: folder) == ["folder", "link"])
            try open.write([1], to: "file")
            try open.write([2], to: "file")
            #expect(try open.read("file", limit: 1) == [2])
        }
    }

    @Test func `a replacement that fails leaves the old file, and nothing beside it`() throws {
        try withTemporaryFolder { folder in
            let file = folder.appending("file")
            try FileSystem.write([1, 2, 3], to: file)
            #expect(throws: Failure.self) {
                try FileSystem.replace(file) { new in
                    try new.writeAll([4])
                    #expect(try FileSystem.names(in: folder).count == 2)
                    throw Failure()
                }
            }
            #expect(try FileSystem.read(file, limit: 10) == [1, 2, 3])
            #expect(try FileSystem.names(in: folder) == ["file"])
        }
    }

    @Test func `a replacement that cannot take the name leaves nothing behind`() throws {
        try withTemporaryFolder { folder in
            try FileSystem.makeDirectories(folder.pushing("taken/full"))
            #expect(throws: FileError.self) { try FileSystem.write([1], to: folder.appending("taken")) }
            #expect(try FileSystem.names(in: folder) == ["taken"])
        }
    }
}
