import OCIModel
import SystemPackage
import TestSupport
import Testing

@testable import LayerArchive

@Suite struct `Tar reader` {
    private func block(_ name: String, _ type: Character, _ content: [UInt8] = [], size: Int64? = nil) -> [UInt8] {
        let block = UstarBlock(
            name: Array(name.utf8), type: type.asciiValue ?? 0, mode: 0o644, size: size ?? Int64(content.count))
        return block.bytes + content + [UInt8](repeating: 0, count: TarHeader.padding(after: Int64(content.count)))
    }

    /// Returns the block with its checksum corrected after a change.
    private func changed(_ block: [UInt8], at offset: Int, to bytes: [UInt8]) -> [UInt8] {
        var block = block
        block.replaceSubrange(offset..<offset + bytes.count, with: bytes)
        block.replaceSubrange(148..<156, with: [UInt8](repeating: 0x20, count: 8))
        let sum = String(block.prefix(512).reduce(0) { $0 + Int($1) }, radix: 8)
        block.replaceSubrange(
            148..<156, with: Array((String(repeating: "0", count: 6 - sum.count) + sum).utf8) + [0, 0x20])
        return block
    }

    private func list(_ bytes: [UInt8], limits: ArchiveLimits = ArchiveLimits()) throws -> LayerListing {
        let folder = try TemporaryFolder()
        let file = try folder.file("layer", bytes + [UInt8](repeating: 0, count: 1024))
        return try LayerReader.list(file, limits: limits, isCancelled: { false })
    }

    private func pax(_ text: String) -> [UInt8] { block("h", "x", Array(text.utf8)) }

    @Test func `the members of a layer are read back as they were written`() throws {
        let folder = try TemporaryFolder()
        let tree = try `Layer writer`.everything()
        _ = try folder.write(tree, .standard(.zstd))
        let listing = try folder.list()
        #expect(listing.entries.map(\.path) == tree.sorted.map(\.path))
        for (path, member) in listing.entries.map({ ($0.path, $0.member) }) {
            let entry = try #require(tree[path])
            if case .hardLink = entry.kind { continue }
            #expect(member.attributes == entry.attributes)
            #expect(member.userID == entry.userID && member.groupID == entry.groupID)
            if path != (try EntryPath("usr/bin/z")) { #expect(member.modified == entry.modified) }
        }
    }

    @Test func `local records override global ones, and empty values remove records`() throws {
        let bytes =
            block("g", "g", Array("11 mtime=5\n9 uid=77\n".utf8))
            + block("one", "0") + pax("11 mtime=6\n7 uid=\n") + block("two", "0")
            + pax("14 mtime=-1.5\n") + block("three", "0")
        let members = try list(bytes).entries.map(\.member)
        #expect(members.map(\.modified) == [5, 6, -2])
        #expect(members.map(\.userID) == [77, 0, 77])
    }

    @Test func `numbers in base 256 are read`() throws {
        let large = changed(block("f", "0"), at: 108, to: [0x80, 0, 0, 0, 0xee, 0x6b, 0x28, 0])
        let old = changed(large, at: 136, to: [UInt8](repeating: 0xff, count: 11) + [0xfe])
        let member = try #require(try list(old).entries.first?.member)
        #expect(member.userID == 4_000_000_000)
        #expect(member.modified == -2)
    }

    @Test func `a tar may end in two zero blocks, in one, in none, and without padding`() throws {
        let folder = try TemporaryFolder()
        let whole = block("a", "0", [1]) + block("b", "0", [2])
        let endings: [[UInt8]] = [
            whole + [UInt8](repeating: 0, count: 1024), whole + [UInt8](repeating: 0, count: 512), whole,
            Array(whole.dropLast(100)), Array(whole.dropLast(511)),
        ]
        for (index, bytes) in endings.enumerated() {
            let file = try folder.file("\(index)", bytes)
            let listing = try LayerReader.list(file, isCancelled: { false })
            #expect(listing.entries.map(\.path.description) == ["/a", "/b"], "\(index)")
            #expect(listing.uncompressedSize == bytes.count)
        }
    }

    @Test func `a layer of no bytes has no members, compressed or not`() async throws {
        let folder = try TemporaryFolder()
        _ = try folder.file("plain", [])
        #expect(try await run("gzip -k plain && zstd -q plain", in: folder.path) == 0)
        for name in ["plain", "plain.gz", "plain.zst"] {
            let listing = try LayerReader.list(folder.path.appending(name), isCancelled: { false })
            #expect(listing.entries.isEmpty && listing.diffID == DiffID(Digest(of: [])), "\(name)")
        }
    }

    @Test func `a tar that is cut short elsewhere is refused, without the library's own words`() throws {
        let folder = try TemporaryFolder()
        let long = pax("11 mtime=5\n")
        for bytes in [
            Array(block("a", "0", [1]).prefix(512)), Array(block("a", "0").prefix(300)), long,
            [UInt8]([0x1f, 0x8b, 8, 0, 0]),
        ] {
            let file = try folder.file("cut", bytes)
            let error = #expect(throws: LayerArchiveError.self) { try LayerReader.list(file, isCancelled: { false }) }
            #expect(error?.code == .corrupt && error?.message.contains("INTERNAL") == false, "\(error?.message ?? "")")
        }
    }

    @Test func `damaged headers are refused`() throws {
        let good = block("f", "0", [1])
        var flipped = good
        flipped[0] ^= 1
        let broken: [[UInt8]] = [
            flipped,
            changed(good, at: 124, to: Array("9".utf8)),
            changed(good, at: 124, to: [UInt8](repeating: 0xff, count: 12)),
            changed(good, at: 124, to: [0x80] + [UInt8](repeating: 0xff, count: 11)),
            changed(good, at: 108, to: [0x80, 0, 0, 1, 0, 0, 0, 0]),
            block("f", "S"), block("f", "?"), block("d", "5", [1]), block("l", "1", [1]),
            [UInt8](repeating: 0, count: 512) + good,
        ]
        for (index, bytes) in broken.enumerated() {
            let error = #expect(throws: LayerArchiveError.self, "\(index)") { try list(bytes) }
            #expect(error?.code == .corrupt, "\(index)")
        }
    }

    @Test(arguments: [
        "x", "5 a=b\n", "7 a=b\n", "6 a=b ", "0 a=b\n", "-6 a=b\n", "99999999999999999999 a=b\n", "6 abc\n",
        "11 size=-1\n", "9 uid=-1\n", "12 mtime=xx\n", "22 GNU.sparse.major=1\n", "29 size=99999999999999999999\n",
    ])
    func `damaged PAX records are refused`(_ text: String) throws {
        let error = #expect(throws: LayerArchiveError.self) { try list(pax(text) + block("f", "0")) }
        #expect(error?.code == .corrupt)
    }

    @Test func `extension headers and members have limits`() throws {
        for bytes in [
            block("L", "L", size: 2 << 20), block("x", "x", size: 1 << 33 - 1),
            pax("16 size=9999999\n") + block("f", "0"),
        ] {
            let error = #expect(throws: LayerArchiveError.self) {
                try list(bytes, limits: ArchiveLimits(memberSize: 1000))
            }
            #expect(error?.code == .tooLarge)
        }
    }

    @Test func `no single damaged byte stops the program`() async throws {
        let folder = try TemporaryFolder()
        _ = try folder.write(`Layer writer`.everything(), .standard(.gzip), as: "layer.gz")
        #expect(try await run("gzip -dc layer.gz > tar", in: folder.path) == 0)
        let good = try contents(folder.path.appending("tar"))
        for index in stride(from: 0, to: good.count, by: 61) {
            var bytes = good
            bytes[index] = index % 2 == 0 ? 0xff : bytes[index] &+ 1
            // With a corrected checksum, a damaged header is read to the end.
            let start = index / 512 * 512
            bytes.replaceSubrange(start..<start + 512, with: changed(Array(bytes[start..<start + 512]), at: 0, to: []))
            let file = try folder.file("damaged", bytes)
            _ = try? LayerReader.list(file, limits: ArchiveLimits(totalSize: 1 << 20), isCancelled: { false })
        }
    }
}
