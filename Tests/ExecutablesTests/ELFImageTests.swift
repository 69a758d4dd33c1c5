import ExecutableFixtures
import Executables
import OCIModel
import Testing

@Suite struct ELFImageTests {
    private let whole = TinyELF(
        interpreter: "/lib/ld.so", needed: ["liba.so", "libb.so"], runpath: "/x:$ORIGIN/y",
        variables: ["1.2.3", "3.5.16", "10.0.0.1", "3.5.2-rc.1"], isGo: true
    ).bytes()

    private func read(_ bytes: [UInt8]) throws -> (ELFImage, VersionNumber?)? {
        guard let header = try ELFHeader(Array(bytes.prefix(ELFHeader.size))) else { return nil }
        let image = try ELFImage(ByteFile(bytes), header: header)
        return (image, try image.segments.greatestGoVersionVariable(in: ByteFile(bytes), header.layout))
    }

    @Test(arguments: [(true, true), (true, false), (false, true), (false, false)])
    func `interpreter, libraries, search path and version variables are read`(
        is64Bit: Bool, isLittleEndian: Bool
    ) throws {
        let file = TinyELF(
            is64Bit: is64Bit, isLittleEndian: isLittleEndian, interpreter: "/lib/ld.so",
            needed: ["liba.so", "libb.so"], runpath: "/x:$ORIGIN/y",
            variables: ["1.2.3", "3.5.16", "10.0.0.1", "3.5.2-rc.1"], isGo: true)
        let (image, version) = try #require(try read(file.bytes()))
        #expect(image.interpreter == Array("/lib/ld.so".utf8))
        #expect(image.needed == ["liba.so", "libb.so"].map { Array($0.utf8) })
        #expect(image.searchPath == ["/x", "$ORIGIN/y"].map { Array($0.utf8) })
        #expect(version?.description == "3.5.16")
    }

    @Test func `variables of a program that was not made by Go are ignored`() throws {
        #expect(try read(TinyELF(variables: ["3.5.16"]).bytes())?.1 == nil)
        #expect(try read(TinyELF(variables: [], isGo: true).bytes())?.1 == nil)
    }

    @Test func `files truncated anywhere are refused or read, and never crash`() throws {
        var refused = 0
        for length in 0..<whole.count {
            do { _ = try read(Array(whole.prefix(length))) } catch is ExecutableError { refused += 1 }
        }
        // Every cut between the magic number and the end of the dynamic section is detected.
        #expect(refused > 300)
    }

    @Test func `each field of the headers set to extremes is refused or read`() throws {
        let extremes: [UInt64] = [
            0, 1, 0x7f, 0xffff, 0x7fff_ffff, 0xffff_ffff, .max / 2, .max / 2 + 1, .max - 15, .max,
        ]
        for width in [2, 4, 8] {
            for offset in stride(from: 4, to: whole.count - 8, by: 2) {
                for extreme in extremes {
                    var bytes = whole
                    bytes.replaceSubrange(offset..<offset + width, with: extreme.littleEndianBytes.prefix(width))
                    do { _ = try read(bytes) } catch is ExecutableError {}
                }
            }
        }
    }

    @Test func `random damage is refused or read`() throws {
        // A fixed seed (xorshift64) makes failures reproducible.
        var state: UInt64 = 0x9e37_79b9_7f4a_7c15
        func next(_ bound: Int) -> Int {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return Int(state % UInt64(bound))
        }
        for _ in 0..<20_000 {
            var bytes = whole
            for _ in 0...next(6) { bytes[next(bytes.count)] = UInt8(next(256)) }
            if next(8) == 0 { bytes.removeLast(next(bytes.count)) }
            do { _ = try read(bytes) } catch is ExecutableError {}
        }
    }

    @Test(arguments: [
        (54, UInt64(57), 2, "has a malformed ELF program header table"),
        (56, 0xffff, 2, "has a malformed ELF program header table"),
        (32, .max, 8, "has a malformed ELF program header table"),
        (32, 1 << 40, 8, "ends within its ELF program headers"),
        (4, 3, 1, "has an ELF header of unknown class or byte order"),
        // The interpreter is the third program header.
        (64 + 2 * 56 + 32, 1 << 20, 8, "has a malformed interpreter path"),
        (64 + 3 * 56 + 32, 1 << 30, 8, "has a malformed ELF dynamic section"),
        // The first segment no longer covers the string table.
        (64 + 32, 16, 8, "has no valid ELF dynamic string table"),
    ])
    func `a malformed part is named`(offset: Int, value: UInt64, width: Int, message: String) throws {
        var bytes = whole
        bytes.replaceSubrange(offset..<offset + width, with: value.littleEndianBytes.prefix(width))
        let fault = #expect(throws: ExecutableError.self) { try read(bytes) }
        #expect(fault?.message == message)
        #expect(fault?.code == .malformedELF)
    }

    @Test(arguments: [
        ("linux", "amd64", TinyELF(), nil),
        (
            "linux", "arm64", TinyELF(),
            "is an ELF file for x86-64, 64-bit little-endian, not for AArch64, 64-bit little-endian"
        ),
        ("linux", "ppc64le", TinyELF(machine: 21, flags: 2), nil),
        ("linux", "s390x", TinyELF(machine: 22, isLittleEndian: false), nil),
        ("linux", "riscv64", TinyELF(machine: 243), nil), ("linux", "arm", TinyELF(machine: 40, is64Bit: false), nil),
        (
            "linux", "arm", TinyELF(machine: 40),
            "is an ELF file for ARM, 64-bit little-endian, not for ARM, 32-bit little-endian"
        ),
        (
            "linux", "ppc64le", TinyELF(machine: 21, flags: 1),
            "is an ELF file for PowerPC64, 64-bit little-endian of another ABI than ELFv2"
        ),
    ])
    func `a file runs where machine, class, byte order and ABI agree`(
        system: String, architecture: String, elf: TinyELF, mismatch: String?
    ) throws {
        let header = try #require(try ELFHeader(Array(elf.bytes().prefix(ELFHeader.size))))
        let target = try #require(ELFTarget(Platform(os: system, architecture: architecture)))
        #expect(target.mismatch(header) == mismatch)
        #expect(ELFTarget(Platform(os: "windows", architecture: architecture)) == nil)
    }

    @Test func `a file that cannot be read says why`() throws {
        struct Gone: RandomAccessBytes {
            struct Reason: Error, CustomStringConvertible { let description = "it is gone" }
            let size: Int64 = 4096
            func read(at offset: Int64, count: Int) throws -> [UInt8] { throw Reason() }
        }
        let header = try #require(try ELFHeader(Array(whole.prefix(ELFHeader.size))))
        let error = #expect(throws: ExecutableError.self) { try ELFImage(Gone(), header: header) }
        #expect(error?.code == .unreadable && error?.message == "it is gone")
    }

    @Test func `a text is not an ELF file`() throws {
        #expect(try read(Array("#!/bin/sh\n".utf8)) == nil)
        #expect(try read([]) == nil)
    }
}

/// A file in memory.
