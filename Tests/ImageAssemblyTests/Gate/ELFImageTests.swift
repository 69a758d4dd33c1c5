import LayerArchive
import OCIModel
import Testing

@testable import ImageAssembly

@Suite struct ELFImageTests {
    private let whole = TinyELF(
        interpreter: "/lib/ld.so", needed: ["liba.so", "libb.so"], runpath: "/x:$ORIGIN/y",
        variables: ["1.2.3", "3.5.16", "10.0.0.1", "3.5.2-rc.1"], isGo: true
    ).bytes()

    private func read(_ bytes: [UInt8]) throws -> (ELFImage, VersionNumber?)? {
        let reader = ContentReader()
        guard let header = try ELFHeader(Array(bytes.prefix(ELFHeader.size))) else { return nil }
        guard header.is64Bit, header.isLittleEndian else { return nil }
        let image = try ELFImage(.bytes(bytes), header: header, reader: reader)
        return (image, try image.segments.greatestGoVersionVariable(in: .bytes(bytes), reader: reader))
    }

    @Test func `interpreter, libraries, search path and version variables are read`() throws {
        let (image, version) = try #require(try read(whole))
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
            do { _ = try read(Array(whole.prefix(length))) } catch is GateFault { refused += 1 }
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
                    do { _ = try read(bytes) } catch is GateFault {}
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
            do { _ = try read(bytes) } catch is GateFault {}
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
        let fault = #expect(throws: GateFault.self) { try read(bytes) }
        #expect(fault?.message == message)
        #expect(fault?.rule == .elfMalformed)
    }

    @Test func `a text is not an ELF file`() throws {
        #expect(try read(Array("#!/bin/sh\n".utf8)) == nil)
        #expect(try read([]) == nil)
    }
}
