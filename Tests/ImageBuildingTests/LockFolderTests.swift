import DurableFiles
import ImageDefinition
import ImageInputs
import SystemPackage
import TestSupport
import Testing

@testable import ImageBuilding

/// A checkout can hold links; neither the lock nor its proof is written, read or removed through one.
@Suite struct LockFolderTests {
    private static let proof = ["debian/dists/trixie/InRelease": [1] as [UInt8], "debian/archive/stanzas": [2]]

    private func image(in folder: FilePath) throws -> ImageFolder {
        let text = "schema: 1\nname: tool\nplatforms: [linux/amd64]\nrevision: 0\n"
        try FileSystem.makeDirectories(folder.appending("image"))
        try FileSystem.write(Array(text.utf8), to: folder.appending("image").appending("image.yaml"))
        return try ImageFolder("image", from: folder)
    }

    private func inputs(_ image: ImageFolder, proof: [String: [UInt8]] = proof) throws -> LockedInputs {
        try LockedInputs(
            image.definition, codec: "gzip",
            debian: DebianPins(releases: [], platforms: [:], toolchains: [:], proof: proof))
    }

    /// Creates a folder with a file in it, which nobody may touch.
    private func precious(in folder: FilePath) throws -> FilePath {
        let precious = folder.appending("precious")
        try FileSystem.makeDirectories(precious.appending("dists"))
        try FileSystem.write([7], to: precious.appending("file"))
        try FileSystem.write([7], to: precious.appending("dists").appending("file"))
        return precious
    }

    private func expectUntouched(_ precious: FilePath) throws {
        #expect(try FileSystem.names(in: precious) == ["dists", "file"])
        #expect(try FileSystem.names(in: precious.appending("dists")) == ["file"])
        #expect(try FileSystem.read(precious.appending("file"), limit: 10) == [7])
    }

    @Test func `a lock is written with its proof, and what an earlier proof left is removed`() throws {
        try withTemporaryFolder { folder in
            let image = try image(in: folder)
            let first = try image.write(inputs(image, proof: Self.proof.merging(["debian/old/Release": [3]]) { $1 }))
            let lock = try image.write(inputs(image))
            #expect(first.bytes == lock.bytes)
            #expect(try image.lockFile()?.bytes == lock.bytes)
            for (path, bytes) in Self.proof { #expect(try image.proofFile(path) == bytes) }
            #expect(try image.proofFile("debian/old/Release") == nil)
            #expect(try image.proofFile("none/of/it") == nil)
        }
    }

    @Test(arguments: ["lock", "lock/debian", "lock/debian/dists", "lock/other", "lock/debian/dists/trixie/InRelease"])
    func `a link in the lock's folder is refused before anything is written`(name: String) throws {
        try withTemporaryFolder { folder in
            let image = try image(in: folder)
            let precious = try precious(in: folder)
            let path = image.path.pushing(FilePath(name))
            try FileSystem.makeDirectories(path.removingLastComponent())
            try FileSystem.makeSymlink(path, to: precious.string.utf8)
            let error = #expect(throws: FileError.self) { try image.write(inputs(image)) }
            #expect(error?.code == .notPlain)
            #expect(error?.message.contains(path.string) == true, "\(String(describing: error))")
            try expectUntouched(precious)
            #expect(try image.lockFile() == nil)
        }
    }

    @Test func `a lock that is a link is not read`() throws {
        try withTemporaryFolder { folder in
            let image = try image(in: folder)
            try FileSystem.write([7], to: folder.appending("elsewhere"))
            try FileSystem.makeSymlink(image.path.appending("image.lock.json"), to: "../elsewhere".utf8)
            let error = #expect(throws: FileError.self) { try image.lockFile() }
            #expect(error?.code == .notPlain)
        }
    }

    @Test func `a proof is not read through a link`() throws {
        try withTemporaryFolder { folder in
            let image = try image(in: folder)
            let precious = try precious(in: folder)
            try FileSystem.makeDirectories(image.path.appending("lock"))
            try FileSystem.makeSymlink(image.path.appending("lock").appending("debian"), to: precious.string.utf8)
            let error = #expect(throws: FileError.self) { try image.proofFile("debian/file") }
            #expect(error?.code == .notPlain)
        }
    }
}
