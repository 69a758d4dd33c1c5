import DurableFiles
import Foundation
import OCIModel
import ReleaseTesting
import Synchronization
import SystemPackage
import TestSupport
import Testing

@testable import ImageReleasing

@Suite struct SigningTests {
    /// A release's folder with two archives and an SBOM, whose step `build` is done.
    private func built(_ place: FilePath) throws -> ReleaseFolder {
        let release = try ReleaseTests.release(ReleaseFileTests.parse(ReleaseFileTests.minimal), "1.0.0")
        let folder = try ReleaseFolder(place.appending("release"), of: release)
        for (name, kind) in [("a.tar.gz", Asset.Kind.archive), ("b.zip", .source), ("a.spdx.json", .sbom)] {
            let file = folder.work.appending(name)
            try FileSystem.write(Array(name.utf8), to: file)
            try folder.adopt(file, as: name, kind, by: .build)
        }
        try folder.writeSums(by: .build)
        try folder.finish(.build)
        return folder
    }

    private func signing(
        _ folder: ReleaseFolder, _ keys: ThrowAwayKeys, public files: [FilePath]? = nil
    ) throws -> ReleaseSigning {
        let scratch = FilePath(keys.home.path)
        return ReleaseSigning(
            folder, gpg: Tool("/usr/bin/gpg", environment: keys.environment), key: keys.fingerprint,
            keys: try OpenPGPKeys(files ?? [keys.publicKey]), check: SignatureCheck(scratch: scratch), observe: { _ in }
        )
    }

    @Test func `archives and sums are signed, and others' programs find all of it good`() async throws {
        try await withTemporaryFolder { place in
            let keys = try await ThrowAwayKeys.make(in: URL(fileURLWithPath: place.string))
            let folder = try built(place)
            let asked = Mutex(0)
            let signing = try signing(folder, keys)
            try await signing.run { _ in
                asked.withLock { $0 += 1 }
                return true
            }
            #expect(asked.withLock { $0 } == 1 && folder.isDone(.sign))
            #expect(
                folder.assets.map(\.name) == [
                    "SHA256SUMS", "SHA256SUMS.asc", "a.spdx.json", "a.tar.gz", "a.tar.gz.asc", "b.zip", "b.zip.asc",
                ])
            let home = URL(fileURLWithPath: folder.path.string)
            let sums = try await keys.run(["sha256sum", "-c", "SHA256SUMS"], in: home)
            #expect(sums.split(separator: "\n").count == 5)
            for name in ["a.tar.gz", "b.zip", "SHA256SUMS"] {
                try await keys.run(["gpg", "--verify", "\(name).asc", name], in: home)
            }
            // Again: nothing is asked, and nothing changes.
            let before = folder.assets
            try await signing.run { _ in false }
            #expect(folder.assets == before)
            #expect(folder.values(below: "signers/")["b.zip.asc"] == .array([.text(keys.fingerprint)]))
        }
    }

    @Test func `an archive that changed after the build is not signed, nor after it was signed accepted`() async throws
    {
        try await withTemporaryFolder { place in
            let keys = try await ThrowAwayKeys.make(in: URL(fileURLWithPath: place.string))
            let folder = try built(place)
            let signing = try signing(folder, keys)
            try FileSystem.write(Array("other".utf8), to: folder.path.appending("a.tar.gz"))
            let error = try await #require(throws: ReleaseError.self) { try await signing.run { _ in true } }
            #expect(error.code == .changed && folder.assets(by: .sign).isEmpty)
            try FileSystem.write(Array("a.tar.gz".utf8), to: folder.path.appending("a.tar.gz"))
            try await signing.run { _ in true }
            try FileSystem.write(Array("other".utf8), to: folder.path.appending("b.zip"))
            await #expect(throws: ReleaseError.self) { try await signing.run { _ in true } }
        }
    }

    @Test func `a key that is not among the public ones stops at the first signature`() async throws {
        try await withTemporaryFolder { place in
            let home = URL(fileURLWithPath: place.string)
            let keys = try await ThrowAwayKeys.make(in: home)
            try FileManager.default.createDirectory(at: home.appending(path: "o"), withIntermediateDirectories: true)
            let other = try await ThrowAwayKeys.make(in: home.appending(path: "o"))
            let folder = try built(place)
            let signing = try signing(folder, keys, public: [other.publicKey])
            let error = try await #require(throws: ReleaseError.self) { try await signing.run { _ in true } }
            #expect(error.code == .unsigned && error.message.contains("not among the given public keys"))
            #expect(folder.assets(by: .sign).isEmpty && !folder.isDone(.sign))
            #expect(FileSystem.plainFileSize(folder.path.appending("a.tar.gz.asc")) == nil)
        }
    }

    @Test func `a signature that a killed run left is verified, and taken if it is good`() async throws {
        try await withTemporaryFolder { place in
            let keys = try await ThrowAwayKeys.make(in: URL(fileURLWithPath: place.string))
            let folder = try built(place)
            let home = URL(fileURLWithPath: folder.path.string)
            try await keys.gpg(
                "--armor", "--output", home.appending(path: "b.zip.asc").path, "--detach-sign",
                home.appending(path: "b.zip").path)
            try await signing(folder, keys).run { _ in true }
            #expect(folder.isDone(.sign))
            let second = try built(place.appending("second"))
            try FileSystem.write(Array("no signature".utf8), to: second.path.appending("b.zip.asc"))
            let error = try await #require(throws: ReleaseError.self) {
                try await signing(second, keys).run { _ in true }
            }
            #expect(error.code == .unsigned)
        }
    }

    @Test func `whoever says no signs nothing`() async throws {
        try await withTemporaryFolder { place in
            let keys = try await ThrowAwayKeys.make(in: URL(fileURLWithPath: place.string))
            let folder = try built(place)
            await #expect(throws: ReleaseError.self) { try await signing(folder, keys).run { _ in false } }
            #expect(folder.assets(by: .sign).isEmpty)
        }
    }

    @Test func `a signature by a key that has expired since does not count, nor one by a revoked key`() async throws {
        try await withTemporaryFolder { place in
            let keys = try await ThrowAwayKeys.make(in: URL(fileURLWithPath: place.string))
            let file = keys.home.appending(path: "file")
            try Data("file".utf8).write(to: file)
            let past = ["--faked-system-time", "20200101T000000"]
            func sign(with key: String, _ options: [String] = []) async throws -> ReleaseError? {
                try await keys.gpg(
                    options + ["--local-user", key, "--output", file.path + ".asc", "--detach-sign", file.path])
                try await keys.gpg(["--output", keys.home.path + "/all.gpg", "--export"])
                let check = SignatureCheck(scratch: place)
                let all = try OpenPGPKeys([FilePath(keys.home.path + "/all.gpg")])
                do {
                    _ = try await check.signers(
                        of: FilePath(file.path), FilePath(file.path + ".asc"), what: "file", keys: all)
                    return nil
                } catch let error as ReleaseError {
                    return error
                }
            }
            try await keys.gpg(past + ["--quick-gen-key", "Old <old@example.org>", "ed25519", "sign", "1y"])
            let expired = try #require(try await sign(with: "old@example.org", past))
            #expect(expired.code == .unsigned && expired.message.contains("has expired"))
            #expect(try await sign(with: keys.fingerprint) == nil)
            let certificate = keys.home.appending(path: "openpgp-revocs.d/\(keys.fingerprint).rev")
            let text = try String(contentsOf: certificate, encoding: .utf8).replacing(":-----BEGIN", with: "-----BEGIN")
            try Data(text.utf8).write(to: keys.home.appending(path: "revocation"))
            try await keys.gpg(["--output", keys.home.path + "/good.asc", "--detach-sign", file.path])
            try await keys.gpg(["--import", keys.home.path + "/revocation"])
            try await keys.gpg(["--output", keys.home.path + "/all.gpg", "--export"])
            let revoked = try await #require(throws: ReleaseError.self) {
                try await SignatureCheck(scratch: place).signers(
                    of: FilePath(file.path), FilePath(keys.home.path + "/good.asc"), what: "file",
                    keys: OpenPGPKeys([FilePath(keys.home.path + "/all.gpg")]))
            }
            #expect(revoked.message.contains("was revoked"))
        }
    }
}
