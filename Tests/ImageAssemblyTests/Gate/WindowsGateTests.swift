import ImageAssembly
import ImageDefinition
import LayerArchive
import OCIModel
import Testing

@Suite struct WindowsGateTests {
    private static let platform = Platform(os: "windows", architecture: "amd64", osVersion: "10.0.20348.2762")

    /// Checks a consistent Windows image of two bundled versions, changed only by what is given.
    private func fixture(_ files: [String: [UInt8]] = [:], without missing: [String] = []) throws -> GateFixture {
        var fixture = try GateFixture()
        fixture.definition.platforms = [Self.platform]
        var all: [String: [UInt8]] = [:]
        for (name, version) in [
            ("etcd-3.4.23", "3.4.23"), ("etcd-3.5.16", "3.5.16"), ("etcd", "3.5.16"), ("etcdutl-3.5.16", "3.5.16"),
            ("etcdutl", "3.5.16"),
        ] {
            all[name + ".exe"] = TinyPE(variables: ["3.0.0", version, "127.0.0.1"]).bytes()
        }
        var tree = FileTree()
        for directory in ["/usr", "/usr/local", "/usr/local/bin"] { try tree.add(directory, .directory) }
        for (name, bytes) in all.merging(files, uniquingKeysWith: { _, own in own }) where !missing.contains(name) {
            try tree.add(file: "/usr/local/bin/\(name)", bytes, mode: 0o555)
        }
        fixture.layers[Self.platform] = [.init(name: "etcd", tree: tree)]
        return fixture
    }

    private func failures(_ files: [String: [UInt8]] = [:], without missing: [String] = []) async throws -> [String] {
        try await fixture(files, without: missing).failures().map {
            $0.replacing("windows/amd64:10.0.20348.2762 /usr/local/bin/", with: "")
        }
    }

    @Test func `a consistent Windows image passes, and its programs reveal their versions`() async throws {
        #expect(try await failures() == [])
    }

    @Test(arguments: [
        (TinyPE(machine: 0xaa64), "is a Windows executable for AArch64, 64-bit, not for x86-64, 64-bit (pe-machine)"),
        (
            TinyPE(machine: 0x14c, is64Bit: false),
            "is a Windows executable for i386, 32-bit, not for x86-64, 64-bit (pe-machine)"
        ),
        (
            TinyPE(machine: 0x1234),
            "is a Windows executable for machine 4660, 64-bit, not for x86-64, 64-bit (pe-machine)"
        ),
        (TinyPE(sectionCount: 97), "has 97 PE sections (pe-malformed)"),
        (TinyPE(sectionCount: 96), "ends within its PE section table (pe-malformed)"),
        (TinyPE(optionalSize: 0xffff), "ends within its optional PE header (pe-malformed)"),
        (TinyPE(optionalSize: 8), "ends within its optional PE header (pe-malformed)"),
    ])
    func `an executable that is broken or for another machine is refused`(_ program: TinyPE, _ message: String)
        async throws
    {
        #expect(try await failures(["new.exe": program.bytes()]) == ["new.exe: \(message)"])
    }

    @Test func `a PE file truncated anywhere is an error or not a program, never a crash`() async throws {
        let whole = TinyPE(variables: ["3.5.16"]).bytes()
        for count in stride(from: 0, to: whole.count, by: 7) {
            let found = try await failures(["new.exe": Array(whole.prefix(count))])
            #expect(found.allSatisfy { $0.hasSuffix("(pe-malformed)") }, "\(count): \(found)")
        }
    }

    @Test func `an ELF file is refused in a Windows image`() async throws {
        #expect(
            try await failures(["tool": TinyELF().bytes()]) == ["tool: is an ELF file in a windows image (elf-machine)"]
        )
    }

    @Test func `a bundled program that is missing or not an executable is named with its suffix`() async throws {
        #expect(
            try await failures(without: ["etcdutl.exe"]) == [
                "etcdutl.exe: is missing, but the bundle promises it (bundle-file)"
            ])
        #expect(
            try await failures(["etcd-3.4.23.exe": Array("MZ is a text".utf8)]) == [
                "etcd-3.4.23.exe: is not an executable for windows/amd64:10.0.20348.2762, so its version is unknown (bundle-version)"
            ])
    }

    @Test func `a bundled program of another version cannot be run here and is refused`() async throws {
        let wrong = TinyPE(variables: ["3.0.0", "3.5.15"]).bytes()
        #expect(
            try await failures(["etcd-3.5.16.exe": wrong]) == [
                "etcd-3.5.16.exe: should be version 3.5.16, which its bytes do not show; its variables suggest 3.5.15, and it cannot be run here (bundle-version)"
            ])
        let silent = TinyPE(variables: ["3.5.16"], isGo: false).bytes()
        #expect(try await failures(["etcd-3.5.16.exe": silent]).count == 1)
    }
}
