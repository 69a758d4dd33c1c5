import ExecutableFixtures
import Executables
import OCIModel
import Testing

@Suite struct `Program images` {
    private let modules = """
        path\texample.org/tool/cmd/tool
        mod\texample.org/tool\t(devel)\t
        dep\texample.org/a\tv1.2.3\th1:abc=
        dep\texample.org/b\tv0.1.0
        =>\texample.org/c\tv0.2.0\th1:def=
        build\tCGO_ENABLED=0
        build\t-ldflags="-s -w -X main.text=\\"x\\""
        build\t-trimpath=true

        """

    private func information(_ bytes: [UInt8]) throws -> GoBuildInformation? {
        try ProgramImage(ByteFile(bytes))?.goBuildInformation(in: ByteFile(bytes))
    }

    @Test func `a program of each form says what it runs on`() throws {
        let (linux, windows) = (
            Platform(os: "linux", architecture: "arm64"), Platform(os: "windows", architecture: "amd64")
        )
        let mac = ["amd64", "arm64"].map { Platform(os: "darwin", architecture: $0) }
        let programs: [([UInt8], Platform)] = [
            (TinyELF(machine: 183).bytes(), linux), (TinyPE().bytes(), windows),
            (TinyMachO().bytes(), mac[0]), (TinyMachO(machine: 0x0100_000c).bytes(), mac[1]),
        ]
        for (bytes, platform) in programs {
            let image = try #require(try ProgramImage(ByteFile(bytes)))
            for (_, other) in programs {
                #expect((image.mismatch(other) == nil) == (other == platform), "\(platform) on \(other)")
            }
        }
        let image = try #require(try ProgramImage(ByteFile(TinyMachO().bytes())))
        #expect(image.mismatch(mac[1]) == "is a macOS program for x86-64, not for AArch64")
        #expect(image.mismatch(linux) == "is a macOS program, not one for linux")
    }

    @Test func `only a Linux program without loader and libraries is static`() throws {
        #expect(try ProgramImage(ByteFile(TinyELF().bytes()))?.isStatic == true)
        #expect(try ProgramImage(ByteFile(TinyELF(interpreter: "/lib/ld.so").bytes()))?.isStatic == false)
        #expect(try ProgramImage(ByteFile(TinyMachO().bytes()))?.isStatic == false)
    }

    @Test func `Go's build information is read`() throws {
        let found = try #require(try information(TinyMachO(modules: modules).bytes()))
        #expect(found.goVersion == "go1.24.4")
        #expect(found.path == "example.org/tool/cmd/tool")
        #expect(found.main?.path == "example.org/tool")
        #expect(found.main?.version == "(devel)")
        #expect(
            found.dependencies.map { "\($0.path) \($0.version) \($0.sum)" }
                == ["example.org/a v1.2.3 h1:abc=", "example.org/c v0.2.0 h1:def="])
        #expect(
            found.settings == [
                "CGO_ENABLED": "0", "-ldflags": "-s -w -X main.text=\"x\"", "-trimpath": "true",
            ])
    }

    @Test func `other programs, and other files, have none`() throws {
        #expect(try information(TinyELF().bytes()) == nil)
        #expect(try ProgramImage(ByteFile(Array("#!/bin/sh\n".utf8))) == nil)
        #expect(try ProgramImage(ByteFile([])) == nil)
    }

    @Test func `a universal file and a library are refused`() throws {
        #expect(throws: ExecutableError.self) {
            try ProgramImage(ByteFile([0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, 2] + [UInt8](repeating: 0, count: 64)))
        }
        var library = TinyMachO().bytes()
        library[12] = 6
        #expect(throws: ExecutableError.self) { try ProgramImage(ByteFile(library)) }
    }

    @Test func `a file that is cut or damaged anywhere is refused or read`() throws {
        let whole = TinyMachO(modules: modules).bytes()
        for length in 0..<whole.count {
            do { _ = try information(Array(whole.prefix(length))) } catch is ExecutableError {}
        }
        for offset in 0..<whole.count - 8 {
            for extreme: UInt64 in [0, 0x7f, 0xffff_ffff, .max / 2, .max] {
                var bytes = whole
                bytes.replaceSubrange(offset..<offset + 8, with: extreme.littleEndianBytes)
                do { _ = try information(bytes) } catch is ExecutableError {}
            }
        }
    }
}
