import ExecutableFixtures
import ImageAssembly
import ImageDefinition
import LayerArchive
import OCIModel
import SystemPackage
import Testing

@Suite struct ExecutableTests {
    private func failures(
        file: [UInt8], mode: UInt16 = 0o755, _ more: (inout FileTree) throws -> Void = { _ in }
    ) async throws -> [String] {
        var fixture = try GateFixture()
        fixture.definition.platforms = [GateFixture.amd64]
        try fixture.change(0) {
            try $0.add(file: "/usr/bin/new", file, mode: mode)
            try more(&$0)
        }
        return try await fixture.failures()
    }

    @Test(arguments: [
        (TinyELF(machine: 183), "AArch64, 64-bit little-endian"),
        (TinyELF(machine: 62, is64Bit: false), "x86-64, 32-bit little-endian"),
        (TinyELF(machine: 21, isLittleEndian: false), "PowerPC64, 64-bit big-endian"),
        (TinyELF(machine: 999), "machine 999, 64-bit little-endian"),
    ])
    func `an ELF file for another machine, class or byte order is refused`(elf: TinyELF, name: String) async throws {
        #expect(
            try await failures(file: elf.bytes(), mode: 0o644) == [
                "linux/amd64 /usr/bin/new: is an ELF file for \(name), not for x86-64, 64-bit little-endian (elf-machine)"
            ])
    }

    @Test func `on ppc64le the ABI must be ELFv2`() async throws {
        var fixture = try GateFixture()
        let platform = Platform(os: "linux", architecture: "ppc64le")
        fixture.definition.platforms = [platform]
        (fixture.definition.bundle, fixture.definition.debian) = (nil, nil)
        var tree = FileTree()
        try tree.add(file: "/good", TinyELF(machine: 21, flags: 2).bytes())
        try tree.add(file: "/old", TinyELF(machine: 21, flags: 1).bytes())
        fixture.layers[platform] = [.init(name: "base", tree: tree)]
        #expect(
            try await fixture.failures() == [
                "linux/ppc64le /old: is an ELF file for PowerPC64, 64-bit little-endian of another ABI than ELFv2 (elf-machine)"
            ])
    }

    @Test func `a Windows executable is refused, but a text that begins like one is not`() async throws {
        var bytes = Array("MZ".utf8) + [UInt8](repeating: 0, count: 58) + UInt32(80).littleEndianBytes
        bytes += [UInt8](repeating: 0, count: 16) + Array("PE\0\0".utf8)
        #expect(
            try await failures(file: bytes) == [
                "linux/amd64 /usr/bin/new: is a Windows executable in a linux image (pe-machine)"
            ])
        #expect(try await failures(file: Array("MZ is a short text".utf8)) == [])
        bytes[60] = 0xff
        #expect(try await failures(file: bytes) == [])
    }

    @Test func `an interpreter must exist inside the image and be executable`() async throws {
        let elf = TinyELF(interpreter: "/lib64/ld-other.so.2")
        #expect(
            try await failures(file: elf.bytes()) == [
                "linux/amd64 /usr/bin/new: its interpreter /lib64/ld-other.so.2 is not in the image (elf-interpreter)"
            ])
        let found = try await failures(file: elf.bytes()) {
            try $0.add(file: "/usr/lib64/ld-other.so.2", TinyELF().bytes(), mode: 0o644)
        }
        #expect(
            found == [
                "linux/amd64 /usr/bin/new: its interpreter /lib64/ld-other.so.2 is not executable (elf-interpreter)"
            ])
    }

    @Test func `a library is found through the default directories and the file's own`() async throws {
        let missing =
            "linux/amd64 /usr/bin/new: needs libx.so.1, which the loader does not find in the image (elf-library)"
        let plain = TinyELF(needed: ["libc.so.6", "libx.so.1"])
        #expect(try await failures(file: plain.bytes()) == [missing])
        let library = TinyELF().bytes()
        #expect(try await failures(file: plain.bytes()) { try $0.add(file: "/usr/lib/libx.so.1", library) } == [])
        let elsewhere: (inout FileTree) throws -> Void = {
            try $0.add("/usr/private", .directory)
            try $0.add(file: "/usr/private/libx.so.1", library)
        }
        #expect(try await failures(file: plain.bytes(), elsewhere) == [missing])
        for runpath in ["$ORIGIN/../private", "/none:${ORIGIN}/../private", "/usr/private/"] {
            let own = TinyELF(needed: ["libx.so.1"], runpath: runpath)
            #expect(try await failures(file: own.bytes(), elsewhere) == [])
        }
        let named = TinyELF(needed: ["$ORIGIN/../private/libx.so.1"])
        #expect(try await failures(file: named.bytes(), elsewhere) == [])
    }

    @Test func `a library must itself be an ELF file`() async throws {
        let elf = TinyELF(needed: ["libx.so.1"])
        let found = try await failures(file: elf.bytes()) { try $0.add(file: "/usr/lib/libx.so.1", Array("text".utf8)) }
        #expect(found.count == 1 && found[0].hasSuffix("(elf-library)"))
    }

    @Test func `a content that no longer exists is a failure, not a crash`() async throws {
        var fixture = try GateFixture()
        fixture.definition.platforms = [GateFixture.amd64]
        try fixture.change(0) {
            try $0.add("/usr/bin/gone", .regular(.file("/nonexistent/spool", size: 100)))
        }
        let found = try await fixture.failures()
        #expect(found.count == 1 && found[0].hasPrefix("linux/amd64 /usr/bin/gone: cannot read /nonexistent/spool"))
        #expect(found[0].hasSuffix("(unreadable)"))
    }
}
