import ImageAssembly
import ImageDefinition
import LayerArchive
import OCIModel
import Synchronization
import Testing

@Suite struct BundleTests {
    @Test(arguments: ["3.5.16-0", "3.5.16-12"])
    func `a tag of the newest version and a revision passes`(tag: String) async throws {
        var fixture = try GateFixture()
        fixture.tag = tag
        #expect(try await fixture.failures() == [])
    }

    @Test(arguments: ["3.4.23-0", "3.5.1-0", "3.5.16", "3.5.16-", "3.5.16-rc1", "3.5.160-0", "latest", ""])
    func `any other tag is refused`(tag: String) async throws {
        var fixture = try GateFixture()
        fixture.tag = tag
        #expect(try await fixture.failures().map { $0.hasSuffix("(tag-version)") } == [true])
    }

    @Test func `the newest version is found by its number, not by its position in the list`() async throws {
        var fixture = try GateFixture()
        fixture.definition.bundle?.versions.reverse()
        #expect(try await fixture.failures() == [])
        fixture.definition.bundle?.versions = ["3.10.0", "3.9.0"].map { .init(version: $0, suites: []) }
        fixture.tag = "3.9.0-0"
        #expect(try await fixture.failures().first?.contains("is not '3.10.0', the newest") == true)
    }

    @Test func `a program under the name of another version is refused with its actual version`() async throws {
        var fixture = try GateFixture()
        fixture.definition.platforms = [GateFixture.arm64]
        try fixture.change(1, of: GateFixture.arm64) {
            let wrong = GateFixture.program(GateFixture.arm64, version: "3.5.16")
            try $0.add(file: "/usr/local/bin/etcd-3.4.23", wrong.bytes(), mode: 0o555)
        }
        let path = "linux/arm64 /usr/local/bin/etcd-3.4.23"
        #expect(
            try await fixture.failures() == [
                "\(path): should be version 3.4.23, which its bytes do not show; its variables suggest 3.5.16, and it cannot be run here (bundle-version)"
            ])
        let ran = try await fixture.failures { _, _ in
            "etcd Version: 3.5.16\nGit SHA: GitNotFound\nGo Version: go1.24.0\n"
        }
        #expect(ran == ["\(path): reports version 3.5.16, not 3.4.23 (bundle-version)"])
    }

    @Test func `the plain name must be the newest version`() async throws {
        var fixture = try GateFixture()
        fixture.definition.platforms = [GateFixture.amd64]
        try fixture.change(1) {
            try $0.add("/usr/local/bin/etcd", .hardLink(to: try EntryPath("/usr/local/bin/etcd-3.4.23")), mode: 0o555)
        }
        let found = try await fixture.failures { run, _ in "etcd Version: 3.4.23" }
        #expect(found == ["linux/amd64 /usr/local/bin/etcd: reports version 3.4.23, not 3.5.16 (bundle-version)"])
    }

    @Test func `a program whose bytes reveal no version is run with everything that it needs`() async throws {
        var fixture = try GateFixture()
        fixture.definition.platforms = [GateFixture.amd64]
        try fixture.change(1) {
            let silent = GateFixture.program(GateFixture.amd64)
            try $0.add(file: "/usr/local/bin/etcd-3.4.23", silent.bytes(), mode: 0o555)
        }
        let asked = Mutex<[[String]]>([])
        let found = try await fixture.failures { run, arguments in
            asked.withLock { $0.append(arguments) }
            let libraries = "/usr/lib/x86_64-linux-gnu"
            #expect(run.program.description == "/usr/local/bin/etcd-3.4.23")
            #expect(run.interpreter?.description == libraries + "/ld-linux-x86-64.so.2")
            #expect(run.libraryDirectories.map(\.description) == [libraries])
            #expect(
                run.files.map(\.path.description) == [
                    libraries + "/ld-linux-x86-64.so.2", libraries + "/libc.so.6", "/usr/local/bin/etcd-3.4.23",
                ])
            return arguments == ["version"] ? "etcd version: 3.4.23" : "Error: unknown flag: --version"
        }
        #expect(found == [])
        #expect(asked.withLock { $0 } == [["--version"], ["version"]])
    }

    @Test func `a run that fails or prints no version is a failure of its program`() async throws {
        var fixture = try GateFixture()
        fixture.definition.platforms = [GateFixture.amd64]
        try fixture.change(1) {
            let silent = GateFixture.program(GateFixture.amd64)
            try $0.add(file: "/usr/local/bin/etcd-3.4.23", silent.bytes(), mode: 0o555)
        }
        let prefix =
            "linux/amd64 /usr/local/bin/etcd-3.4.23: should be version 3.4.23, which its bytes do not show, and"
        #expect(
            try await fixture.failures { _, _ in "go1.24" } == [
                "\(prefix) run, it does not report one (bundle-version)"
            ])
        struct Broken: Error, CustomStringConvertible { let description = "no space" }
        #expect(
            try await fixture.failures { _, _ in throw Broken() } == [
                "\(prefix) running it failed: no space (bundle-version)"
            ])
        await #expect(throws: CancellationError.self) {
            try await fixture.failures { _, _ in throw CancellationError() }
        }
    }

    @Test func `every promised program must be present with its mode`() async throws {
        var fixture = try GateFixture()
        fixture.definition.bundle?.programs[1].since = nil
        try fixture.change(1, of: GateFixture.amd64) {
            $0[try EntryPath("/usr/local/bin/etcdutl-3.5.16")]?.mode = 0o755
        }
        fixture.definition.platforms = [GateFixture.amd64]
        #expect(
            try await fixture.failures() == [
                "linux/amd64 /usr/local/bin/etcdutl-3.4.23: is missing, but the bundle promises it (bundle-file)",
                "linux/amd64 /usr/local/bin/etcdutl-3.5.16: has mode 0755, not 0555 (bundle-file)",
                "linux/amd64 /usr/local/bin/etcdutl: has mode 0755, not 0555 (bundle-file)",
            ])
    }

    @Test func `a bundled program that is not an executable is refused`() async throws {
        var fixture = try GateFixture()
        fixture.definition.platforms = [GateFixture.amd64]
        try fixture.change(1) { try $0.add(file: "/usr/local/bin/etcd-3.4.23", Array("#!/bin/sh\n".utf8), mode: 0o555) }
        let found = try await fixture.failures()
        #expect(found.count == 1 && found[0].contains("/etcd-3.4.23: is not an executable for linux/amd64"))
    }
}
