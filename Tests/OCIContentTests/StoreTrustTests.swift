import DurableFiles
import OCIContent
import OCIModel
import SystemPackage
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// The store is the user's alone, and nothing in it leads elsewhere.
@Suite struct StoreTrustTests {
    private func mode(of path: FilePath) -> mode_t {
        var status = stat()
        return lstat(path.string, &status) == 0 ? status.st_mode & 0o7777 : 0
    }

    /// Creates a folder with a file in it, outside of the store.
    private func elsewhere(in folder: FilePath) throws -> FilePath {
        let elsewhere = folder.appending("elsewhere")
        try FileSystem.makeDirectories(elsewhere)
        try FileSystem.write(Array("precious".utf8), to: elsewhere.appending("file"))
        return elsewhere
    }

    @Test func `a new store can be entered by its user alone`() throws {
        try withTemporaryFolder { folder in
            let root = folder.appending("a").appending("store")
            _ = try ContentStore(root: root)
            #expect(mode(of: root) == 0o700)
        }
    }

    @Test(arguments: [
        "blobs", "tmp", "records", "blobs/sha256", "records/layers", "tmp/download-ab", "uploads", "lock",
    ])
    func `a planted link is refused, and what it leads to stays as it is`(name: String) throws {
        try withTemporaryFolder { folder in
            let elsewhere = try elsewhere(in: folder)
            let root = folder.appending("store")
            let path = root.pushing(FilePath(name))
            try FileSystem.makeDirectories(path.removingLastComponent())
            try FileSystem.makeSymlink(path, to: elsewhere.string.utf8)
            let before = try FileSystem.names(in: elsewhere)
            let error = #expect(throws: FileError.self) { try ContentStore(root: root) }
            #expect(error?.code == .notPlain)
            #expect(error?.message.contains(path.string) == true, "\(String(describing: error))")
            #expect(error?.hint != nil)
            #expect(try FileSystem.names(in: elsewhere) == before)
            #expect(mode(of: elsewhere.appending("file")) == 0o644)
        }
    }

    @Test func `a blob that is a link counts as missing, and is not touched`() throws {
        try withTemporaryFolder { folder in
            let elsewhere = try elsewhere(in: folder)
            let store = try ContentStore(root: folder.appending("store"))
            let digest = Digest(of: "precious".utf8)
            try FileSystem.makeSymlink(store.path(of: digest), to: elsewhere.appending("file").string.utf8)
            #expect(!store.contains(digest, size: 8))
            let error = #expect(throws: ContentError.self) { try store.verifiedPath(of: digest, size: 8) }
            #expect(error?.code == .missing)
            #expect(mode(of: elsewhere.appending("file")) == 0o644)
            #expect(try store.add(Array("precious".utf8)) == digest)
            #expect(store.contains(digest, size: 8))
            #expect(FileSystem.plainFileSize(elsewhere.appending("file")) == 8)
        }
    }

    @Test(arguments: [0o777, 0o722] as [mode_t])
    func `a store that others can write is refused with what to do`(mode: mode_t) throws {
        try withTemporaryFolder { folder in
            let root = folder.appending("store")
            _ = try ContentStore(root: root)
            #expect(chmod(root.string, mode) == 0)
            let error = #expect(throws: FileError.self) { try ContentStore(root: root) }
            #expect(error?.code == .notPrivate)
            #expect(error?.hint?.contains("chmod go-w \(root)") == true, "\(String(describing: error?.hint))")
        }
    }

    @Test func `a layout is no store, and keeps what it has`() async throws {
        try await withTemporaryFolder { folder in
            let layout = OCILayout(root: folder.appending("layout"))
            let store = try ContentStore(root: folder.appending("store"))
            let blob = try store.add([1, 2, 3])
            try await layout.putBlob(Descriptor(mediaType: .layerGzip, digest: blob, size: 3), from: store)
            try FileSystem.write(
                Array(#"{"imageLayoutVersion":"1.0.0"}"#.utf8), to: folder.pushing("layout/oci-layout"))
            let before = try names(in: folder.appending("layout"))
            let error = #expect(throws: FileError.self) { try ContentStore(root: folder.appending("layout")) }
            #expect(error?.message.contains("it is an OCI layout") == true)
            #expect(try names(in: folder.appending("layout")).sorted() == before.sorted())
            #expect(try FileSystem.read(layout.path(of: blob), limit: 10) == [1, 2, 3])
        }
    }

    @Test func `a folder above the store that others can write is refused, unless it is sticky`() throws {
        try withTemporaryFolder { folder in
            let above = folder.appending("shared")
            let root = above.appending("store")
            _ = try ContentStore(root: root)
            #expect(chmod(above.string, 0o777) == 0)
            let error = #expect(throws: FileError.self) { try ContentStore(root: root) }
            #expect(error?.message.contains("can write in \(above)") == true, "\(String(describing: error))")
            #expect(chmod(above.string, 0o1777) == 0)
            _ = try ContentStore(root: root)
        }
    }

    @Test(.enabled(if: geteuid() == 0, "root alone gives folders away"))
    func `a store of another user is refused`() throws {
        try withTemporaryFolder { folder in
            let root = folder.appending("store")
            _ = try ContentStore(root: root)
            #expect(chown(root.string, 4711, 4711) == 0)
            let error = #expect(throws: FileError.self) { try ContentStore(root: root) }
            #expect(error?.code == .notPrivate)
            #expect(error?.message.contains("4711") == true)
        }
    }

    @Test func `a lock says which process holds it, and is free again afterwards`() throws {
        try withTemporaryFolder { folder in
            let path = folder.appending("serving")
            do {
                let held = try ProcessLock(at: path, "cannot serve \(folder)")
                let error = #expect(throws: FileError.self) { try ProcessLock(at: path, "cannot serve \(folder)") }
                #expect(error?.code == .inUse)
                #expect(error?.message == "cannot serve \(folder): process \(getpid()) is at work there")
                withExtendedLifetime(held) {}
            }
            _ = try ProcessLock(at: path, "cannot serve \(folder)")
        }
    }

    @Test func `the store's path itself may be a link of the user's`() throws {
        try withTemporaryFolder { folder in
            let store = try ContentStore(root: folder.appending("store"))
            try FileSystem.makeSymlink(folder.appending("link"), to: "store".utf8)
            let digest = try ContentStore(root: folder.appending("link")).add([1, 2, 3])
            #expect(store.contains(digest, size: 3))
        }
    }
}
