import OCIModel
import SystemPackage
import Testing

@testable import LayerArchive

@Suite struct `Tar header` {
    private func text(_ path: String, _ entry: FileEntry) throws -> String {
        String(decoding: try TarHeader.bytes(path: EntryPath(path), entry: entry), as: UTF8.self)
    }

    @Test func `an entry that fits ustar has a single block without PAX`() throws {
        let path = String(repeating: "p", count: 155) + "/" + String(repeating: "n", count: 100)
        let largest = FileEntry(
            .regular(.file("/f", size: 1 << 33 - 1)), mode: 0o7777, userID: 1 << 21 - 1,
            groupID: 1 << 21 - 1, modified: 1 << 33 - 1)
        let header = try text(path, largest)
        #expect(header.utf8.count == 512)
        #expect(header.contains("77777777777"))
    }

    @Test func `a file of 8 GiB has its size in a PAX record`() throws {
        let header = try text(
            "f", FileEntry(.regular(.file("/f", size: 1 << 33)), mode: 0o644, modified: 0))
        #expect(header.utf8.count == 1536)
        #expect(header.contains("19 size=8589934592\n"))
    }

    @Test func `records are sorted and count their own digits`() throws {
        // 98 bytes without the length: a length of two digits would make 100, which needs three.
        let entry = FileEntry(
            .fifo, mode: 0o644, userID: 1 << 21, modified: -1,
            attributes: ["user.b": [UInt8](repeating: 0x78, count: 76), "user.a": []])
        let header = try text("f", entry)
        let expected =
            "24 SCHILY.xattr.user.a=\n101 SCHILY.xattr.user.b=" + String(repeating: "x", count: 76)
            + "\n12 mtime=-1\n15 uid=2097152\n"
        #expect(header.contains(expected), "\(header)")
    }

    @Test func `a name that is not UTF-8 is marked as binary`() throws {
        let bytes = try TarHeader.bytes(path: EntryPath([0x66, 0xff]), entry: FileEntry(.fifo, mode: 0, modified: 0))
        #expect(bytes[512...].starts(with: "21 hdrcharset=BINARY\n11 path=f".utf8))
        #expect(bytes[512 + 21 + 9] == 0xff)
    }
}
