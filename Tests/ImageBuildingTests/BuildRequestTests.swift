import Foundation
import ImageDefinition
import ImageInputs
import OCIModel
import SystemPackage
import Testing

@testable import ImageBuilding

/// What a build decides before it does anything: whether the lock that it finds is usable, and whether it knows the image.
@Suite struct BuildRequestTests {
    private static let definition = """
        schema: 1
        name: tool
        platforms: [linux/amd64, linux/ppc64le]
        revision: 1
        base: {image: "registry.example/os/base:1", digest: "sha256:\(String(repeating: "a", count: 64))"}
        files: [{source: run, path: /run, mode: 755}]
        """

    /// Hands out an image's folder with one file of its own.
    private func withRequest<R>(
        _ definition: String = Self.definition, _ use: (BuildRequest, FilePath) throws -> R
    ) throws -> R {
        let name = "image-building-\(UInt64.random(in: .min ... .max))"
        let path = FileManager.default.temporaryDirectory.appending(path: name)
        try FileManager.default.createDirectory(at: path, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: path) }
        try Data(definition.utf8).write(to: path.appending(path: "image.yaml"))
        try Data("#!/bin/sh\n".utf8).write(to: path.appending(path: "run"))
        let folder = try ImageFolder(path.path, from: "/")
        let request = BuildRequest(folder: folder, platforms: folder.definition.platforms, outputs: [])
        return try use(request, FilePath(path.path))
    }

    private func lock(for definition: Definition) throws -> LockFile {
        let none = DebianPins(releases: [], platforms: [:], toolchains: [:], proof: [:])
        return try LockFile(LockedInputs(definition, codec: "gzip", debian: none).lock)
    }

    @Test func `a lock that answers the definition is used, whatever may be resolved anew`() throws {
        try withRequest { request, _ in
            let file = try lock(for: request.folder.definition)
            for isLocked in [false, true] {
                var request = request
                request.isLocked = isLocked
                let used = try request.decision(about: file).lock
                #expect(used?.bytes == file.bytes)
            }
        }
    }

    @Test func `a missing or a stale lock is made anew, for a reason`() throws {
        try withRequest { request, _ in
            guard case .resolve(let reason, nil) = try request.decision(about: nil) else {
                Issue.record("a lock that is not there is used")
                return
            }
            #expect(reason == "tool has no lock yet")
            let stale = try LockFile(
                Lock(requirements: Digest(of: []), codec: "gzip", releases: [], platforms: [:]))
            guard case .resolve(let other, let previous) = try request.decision(about: stale) else {
                Issue.record("a stale lock is used")
                return
            }
            #expect(other == "tool has a lock that answers another definition")
            #expect(previous?.requirements == stale.lock.requirements, "what it names is not undercut")
        }
    }

    @Test func `where inputs must stay, or no network may be used, nothing is resolved anew`() throws {
        try withRequest { request, _ in
            for change in [\BuildRequest.isLocked, \.isOffline] {
                var request = request
                request[keyPath: change] = true
                let refused = request
                let error = #expect(throws: ImageBuildingError.self) { try refused.decision(about: nil) }
                #expect(error?.code == .refused && error?.hint?.contains("imagebuild lock") == true)
            }
        }
    }

    @Test func `an image of files alone needs no lock`() throws {
        let alone = "schema: 1\nname: tool\nplatforms: [linux/amd64]\nrevision: 1\nfiles: [{source: run, path: /run}]\n"
        try withRequest(alone) { request, _ in
            var request = request
            request.isLocked = true
            let file = try request.decision(about: nil).lock
            #expect(file?.lock.platforms.isEmpty == true)
        }
    }

    private func key(_ request: BuildRequest, _ lock: UInt8, _ files: FolderInputs, _ tool: String) -> Digest {
        request.key(lock: [lock], files, toolIdentity: tool, trust: Digest(of: "keys".utf8))
    }

    @Test func `the key is the same for the same image`() throws {
        try withRequest { request, _ in
            let files = try FolderInputs(request.folder, request.platforms)
            let again = try FolderInputs(request.folder, request.platforms)
            #expect(
                key(request, 1, files, "a") == key(request, 1, again, "a"))
        }
    }

    @Test func `whatever decides the image is in its key`() throws {
        try withRequest { request, path in
            let files = try FolderInputs(request.folder, request.platforms)
            var (other, clamped) = (request, request)
            other.platforms = [.ppc64le]
            clamped.sourceDateEpoch = 0
            var keys = [
                key(request, 1, files, "a"), key(request, 2, files, "a"),
                key(request, 1, files, "b"), key(other, 1, files, "a"),
                key(clamped, 1, files, "a"),
                request.key(lock: [1], files, toolIdentity: "a", trust: Digest(of: "other keys".utf8)),
            ]
            try Data("#!/bin/sh\nexit 1\n".utf8).write(to: URL(filePath: path.appending("run").string))
            let touched = try FolderInputs(request.folder, request.platforms)
            keys.append(key(request, 1, touched, "a"))
            #expect(Set(keys).count == keys.count)
        }
    }

    @Test func `a lock is written with its proof, and what proves nothing any more is removed`() throws {
        try withRequest { request, path in
            let folder = request.folder
            func inputs(_ proof: [String: [UInt8]]) throws -> LockedInputs {
                try LockedInputs(
                    folder.definition, codec: "gzip",
                    debian: DebianPins(releases: [], platforms: [:], toolchains: [:], proof: proof))
            }
            _ = try folder.write(try inputs(["debian/old": [1], "kept": [2]]))
            let written = try folder.write(try inputs(["kept": [3]]))
            let read = try folder.lockFile()
            #expect(read?.bytes == written.bytes)
            #expect(try folder.proofFile("debian/old") == nil)
            #expect(try folder.proofFile("kept") == [3])
        }
    }
}
