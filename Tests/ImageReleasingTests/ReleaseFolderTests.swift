import DurableFiles
import Foundation
import OCIModel
import SystemPackage
import TestSupport
import Testing

@testable import ImageReleasing

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

@Suite struct ReleaseFolderTests {
    private func release(commit: Character = "a") throws -> Release {
        try ReleaseTests.release(ReleaseFileTests.parse(ReleaseFileTests.minimal), "1.0.0", commit: commit)
    }

    private func put(_ text: String, _ name: String, in folder: ReleaseFolder) throws -> Asset {
        let file = folder.work.appending("file")
        try FileSystem.write(Array(text.utf8), to: file)
        return try folder.adopt(file, as: name, .archive, by: .build)
    }

    @Test func `what was recorded is there for the next run`() throws {
        let place = try TemporaryFolder()
        let asset = try put("one", "a.tar.gz", in: ReleaseFolder(place.path, of: release()))
        let again = try ReleaseFolder(place.path, of: release())
        #expect(again.assets == [asset] && !again.isDone(.build))
        try again.finish(.build)
        try again.record(["quay.io": "sha256:1"], as: "tags", by: .publish)
        #expect(throws: ReleaseError.self) { try again.require(.sign, before: .publish) }
        try again.require(.build, before: .sign)
        #expect(try again.recorded("tags", as: [String: String].self) == ["quay.io": "sha256:1"])
    }

    @Test(.enabled(if: geteuid() == 0, "a small file system can be mounted by root alone"))
    func `a line that a full disk takes in part is taken back, and the next one stands alone`() async throws {
        try await withTemporaryFolder { place in
            let disk = place.appending("disk")
            try FileSystem.makeDirectories(disk)
            let setting = Setting(folder: URL(filePath: place.string), environment: ["PATH": "/usr/sbin:/usr/bin:/bin"])
            func run(_ command: String...) async throws -> Ended { try await Program.run(command, in: setting) }
            // A container may forbid it.
            guard try await run("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", "disk").status == 0 else { return }
            let result: Result<Void, any Error>
            do {
                let folder = try ReleaseFolder(disk, of: release())
                _ = try await run("sh", "-c", "cat /dev/zero > disk/ballast")
                let error = try #require(throws: FileError.self) {
                    for number in 0..<100 {
                        try folder.record(String(repeating: "x", count: 100), as: "\(number)", by: .plan)
                    }
                }
                #expect(error.description.contains("cannot write \(disk)/.imagebuild/journal.jsonl"))
                _ = try await run("rm", "disk/ballast")
                try folder.record("y", as: "afterwards", by: .plan)
                result = .success(())
            } catch { result = .failure(error) }
            let again = Result { try ReleaseFolder(disk, of: release()).recorded("afterwards", as: String.self) }
            _ = try await run("umount", "disk")
            try result.get()
            #expect(try again.get() == "y")
        }
    }

    @Test func `a file that a killed run left without its record is taken if it is the same`() throws {
        let place = try TemporaryFolder()
        try FileSystem.write(Array("one".utf8), to: place.path.appending("a.tar.gz"))
        let folder = try ReleaseFolder(place.path, of: release())
        let asset = try put("one", "a.tar.gz", in: folder)
        #expect(folder.assets == [asset])
        try FileSystem.write(Array("foreign".utf8), to: place.path.appending("b.tar.gz"))
        let error = try #require(throws: ReleaseError.self) { try put("two", "b.tar.gz", in: folder) }
        #expect(error.code == .changed)
    }

    @Test(arguments: ["other", nil]) func `a file that changed or is gone is an error`(_ bytes: String?) throws {
        let place = try TemporaryFolder()
        let folder = try ReleaseFolder(place.path, of: release())
        let asset = try put("one", "a.tar.gz", in: folder)
        try folder.check()
        try FileSystem.remove(folder.path(of: asset))
        if let bytes { try FileSystem.write(Array(bytes.utf8), to: folder.path(of: asset)) }
        #expect(try #require(throws: ReleaseError.self) { try folder.check() }.code == .changed)
        if bytes != nil {
            #expect(throws: ReleaseError.self) { try put("one", "a.tar.gz", in: folder) }
        }
    }

    @Test func `a small asset is recorded only when it is there`() throws {
        let place = try TemporaryFolder()
        let folder = try ReleaseFolder(place.path, of: release())
        // The name is taken, so that the file cannot be written: as if the run were killed before it.
        try FileSystem.makeDirectories(place.path.appending("a.spdx.json/in-the-way"))
        #expect(throws: FileError.self) { try folder.write([1], as: "a.spdx.json", .sbom, by: .build) }
        try folder.check()
        try FileSystem.removeTree(place.path.appending("a.spdx.json"))
        try folder.write([1], as: "a.spdx.json", .sbom, by: .build)
        try folder.check()
    }

    @Test func `sums may be the earlier ones only while the step that replaces them is not done`() throws {
        let place = try TemporaryFolder()
        let folder = try ReleaseFolder(place.path, of: release())
        let (old, new) = (Array("old".utf8), Array("new".utf8))
        try folder.write(old, as: "SHA256SUMS", .sums, by: .build)
        try folder.write(new, as: "SHA256SUMS", .sums, by: .sign)
        try FileSystem.write(old, to: place.path.appending("SHA256SUMS"))
        try folder.check()
        try folder.finish(.sign)
        #expect(throws: ReleaseError.self) { try folder.check() }
    }

    @Test func `another release, and a second run at the same time, are refused`() throws {
        let place = try TemporaryFolder()
        let folder = try ReleaseFolder(place.path, of: release())
        let inUse = try #require(throws: FileError.self) { try ReleaseFolder(place.path, of: release()) }
        #expect(inUse.code == .inUse)
        _ = consume folder
        let other = try #require(throws: ReleaseError.self) { try ReleaseFolder(place.path, of: release(commit: "b")) }
        #expect(other.message.contains("the tag stands for bbbb"))
    }

    @Test func `a journal with a line that says nothing is not read on`() throws {
        let place = try TemporaryFolder()
        _ = try put("one", "a.tar.gz", in: ReleaseFolder(place.path, of: release()))
        let journal = place.path.appending(".imagebuild/journal.jsonl")
        let text = String(decoding: try FileSystem.read(journal, limit: 1 << 20) ?? [], as: UTF8.self)
        try FileSystem.write(Array(text.replacing("\"asset\"", with: "\"assex\"").utf8), to: journal)
        let error = try #require(throws: ReleaseError.self) { try ReleaseFolder(place.path, of: release()) }
        #expect(error.code == .changed && error.message.contains("line 2 of"))
    }

    @Test func `a withdrawn release stays as it is, and no step goes on`() throws {
        let place = try TemporaryFolder()
        let release = try release()
        let folder = try ReleaseFolder(place.path, of: release)
        let asset = try put("one", "a.tar.gz", in: folder)
        try folder.finish(.build)
        let first = try folder.withdraw(Withdrawal(reason: "loses data", time: Timestamp(seconds: 0)))
        #expect(try folder.withdraw(Withdrawal(reason: "loses data", time: Timestamp(seconds: 9))) == first)
        #expect(throws: ReleaseError.self) {
            try folder.withdraw(Withdrawal(reason: "other", time: Timestamp(seconds: 0)))
        }
        #expect(throws: ReleaseError.self) { try folder.require(.build, before: .sign) }
        #expect(try ReleaseRecord(release, folder).predicate.withdrawn?.reason == "loses data")
        #expect(first.notice.hasPrefix("> **Withdrawn on 1970-01-01") && folder.assets == [asset])
        try folder.check()
    }
}
