import DurableFiles
import ExecutableFixtures
import Executables
import LayerArchive
import OCIModel
import SystemPackage
import TestSupport
import Testing

@testable import ImageReleasing

@Suite struct `What is built` {
    @Test func `the words of a report that may be versions are found`() {
        let text = "etcd Version: 3.4.23\nGit SHA: abc\nGo OS/Arch: linux/amd64, v1.0.0-rc.1\n"
        let found = ProgramCheck.versions(in: text)
        #expect(found.contains("3.4.23") && found.contains("1.0.0-rc.1"))
        #expect(!ProgramCheck.versions(in: "13.4.23 3.4.230").contains("3.4.23"))
    }

    @Test func `a source without modules says its own import path`() throws {
        var tree = FileTree()
        func add(_ path: String, _ text: String) throws {
            tree[try EntryPath(path)] = FileEntry(.regular(.bytes(Array(text.utf8))), mode: 0o644, modified: 0)
        }
        try add(
            "main.go", "package main\n\nimport (\n\t\"example.com/other/thing\"\n\t\"example.org/tool/server\"\n)\n")
        try add("server/server.go", "package server\n")
        try add("vendor/example.com/other/go.mod", "module example.com/other\n")
        tree.addMissingParents(time: 0)
        #expect(try GoForm(of: tree, modules: nil) == .workspace("example.org/tool"))
        try add("go.mod", "module example.org/tool\n")
        #expect(try GoForm(of: tree, modules: "/cache") == .modules(cache: "/cache"))
    }

    @Test func `a program is compiled in its module's folder`() {
        let program = ReleasedProgram(
            name: "etcd", module: "server", package: "./cmd", tags: [], linkerFlags: [], report: nil, versions: nil)
        #expect(GoForm.modules(cache: nil).package(of: program) == "./server/cmd")
        #expect(GoForm.workspace("example.org/x").package(of: program) == "example.org/x/server/cmd")
    }

    @Test func `a text is found in a program wherever it lies`() throws {
        let folder = try TemporaryFolder()
        let file = folder.path.appending("program")
        func contains(_ text: String, at place: Int) throws -> Bool {
            var bytes = [UInt8](repeating: 1, count: (2 << 20) + 100)
            bytes.replaceSubrange(place..<(place + text.utf8.count), with: Array(text.utf8))
            try FileSystem.write(bytes, to: file)
            return try ProgramFile.with(file) { try $0.contains("3.6.14") }
        }
        for place in [0, (1 << 20) - 3, 1 << 20, (2 << 20) + 94] {
            #expect(try contains("3.6.14", at: place), "at \(place)")
        }
        #expect(try contains("33.6.14", at: 5) && !contains("3.6.1", at: 5))
    }

    @Test func `a program for another platform, or none of Go's, is refused`() throws {
        let folder = try TemporaryFolder()
        func check(_ bytes: [UInt8], _ platform: ReleasedPlatform) throws {
            let file = folder.path.appending("program")
            let output = try FileDescriptor.open(
                file, .writeOnly, options: [.create, .truncate], permissions: .ownerReadWrite)
            try output.closeAfter { _ = try output.writeAll(bytes) }
            _ = try ProgramCheck.information(of: file, for: platform, "tool for \(platform)")
        }
        let mac = ReleasedPlatform(os: "darwin", architecture: "arm64")
        let program = TinyMachO(machine: 0x0100_000c, modules: "path\tx\n").bytes()
        try check(program, mac)
        #expect(throws: ReleaseError.self) { try check(TinyMachO(modules: "path\tx\n").bytes(), mac) }
        #expect(throws: ReleaseError.self) { try check(Array("text".utf8), mac) }
        let linux = ReleasedPlatform(os: "linux", architecture: "amd64")
        let error = #expect(throws: ReleaseError.self) {
            try check(TinyELF(interpreter: "/lib/ld.so").bytes(), linux)
        }
        #expect(error?.message.contains("it needs a loader or libraries of the system") == true)
    }

    @Test func `a promoter's file is generated, and differences from it are found`() throws {
        let image = ReleasedImage(
            name: "etcd", definition: "x", programs: [:], platforms: [], repositories: [], tags: [], latest: .never,
            promotion: [Template("${tag}"), Template("${version}-0")], versions: nil)
        let (good, bad) = (Digest(of: [1]), Digest(of: [2]))
        let release = try ReleaseTests.release(ReleaseFileTests.parse(ReleaseFileTests.minimal), "1.0.1")
        let lines = Promotion.lines(image, of: release, index: good)
        #expect(lines == "- name: etcd\n  dmap:\n    \"\(good)\": [\"v1.0.1\", \"1.0.1-0\"]\n")
        let others = "- name: other\n  dmap:\n    \"\(bad)\": [\"v1.0.1\"]\n"
        #expect(Promotion.differences(others + lines, image, of: release, index: good).isEmpty)
        #expect(Promotion.differences(others, image, of: release, index: good).count == 2)
        let wrong = Promotion.differences(lines, image, of: release, index: bad)
        #expect(wrong.first == "etcd: the tag v1.0.1 is for \(good), not \(bad)")
    }
}
