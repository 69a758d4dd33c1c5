import OCIModel
import SystemPackage
import TestSupport
import Testing

@testable import LayerArchive

@Suite struct UnpackedLayerTests {
    /// Unpacks a layer and recreates it from its record and spool.
    private func unpack(_ folder: borrowing TemporaryFolder, _ name: String = "layer") throws -> UnpackedLayer {
        let file = folder.path.appending(name)
        let record = try folder.withOutput("spool") {
            try LayerReader.unpack(OpenFile(reading: file), name: "layer", into: $0, isCancelled: { false })
        }
        #expect(try Digest(of: contents(folder.path.appending("spool"))) == record.spool)
        return try UnpackedLayer(record: LayerRecord(decoding: record.encode()), spool: folder.path.appending("spool"))
    }

    private func bytes(_ content: FileContent) throws -> [UInt8] {
        guard case .slice(let path, let offset, let size, _) = content else { return [] }
        return Array(try contents(path)[Int(offset)..<Int(offset + size)])
    }

    @Test(arguments: [LayerCodec.standard(.gzip), .standard(.zstd)])
    func `the entries of a layer are read back in order, with their contents and the digest of the tar`(
        _ codec: LayerCodec
    )
        throws
    {
        let folder = try TemporaryFolder()
        let tree = try `Layer writer`.everything()
        let written = try folder.write(tree, codec)
        let layer = try unpack(folder)
        #expect(layer.diffID == written.diffID)
        let listing = try folder.list()
        #expect(layer.entries.map(\.path) == listing.entries.map(\.path))
        for one in layer.entries {
            let entry = try #require(tree[one.path])
            #expect(one.entry.attributes == entry.attributes && one.entry.userID == entry.userID)
            guard case .regular(let content) = one.entry.kind, case .regular(.bytes(let original)) = entry.kind else {
                continue
            }
            #expect(try bytes(content) == original)
        }
    }

    @Test func `a path that occurs twice, a whiteout and a hard link out of the layer are kept as they are`() throws {
        func block(_ name: String, _ type: Character, link: String = "", _ content: [UInt8] = []) -> [UInt8] {
            var block = UstarBlock(
                name: Array(name.utf8), type: type.asciiValue ?? 0, mode: 0o644, size: Int64(content.count))
            block.link = Array(link.utf8)
            return block.bytes + content + [UInt8](repeating: 0, count: TarHeader.padding(after: Int64(content.count)))
        }
        let folder = try TemporaryFolder()
        let tar =
            block("./", "5") + block("a", "0", [1]) + block("a", "0", [2, 3]) + block(".wh.b", "0")
            + block("c", "1", link: "/lower/file")
        _ = try folder.file("layer", tar + [UInt8](repeating: 0, count: 1024))
        let layer = try unpack(folder)
        #expect(layer.entries.map(\.path.description) == ["/a", "/a", "/.wh.b", "/c"])
        let contents = try layer.entries.compactMap { one in
            if case .regular(let content) = one.entry.kind { try bytes(content) } else { nil }
        }
        #expect(contents == [[1], [2, 3], []])
        #expect(layer.entries[3].entry.kind == .hardLink(to: try EntryPath("lower/file")))
    }

    @Test func `a layer that leads out of the root or ends too early is refused`() throws {
        let folder = try TemporaryFolder()
        func refused(_ type: Character, _ name: String, link: String = "") throws -> LayerArchiveError? {
            var block = UstarBlock(name: Array(name.utf8), type: type.asciiValue ?? 0, mode: 0o644, size: 0)
            block.link = Array(link.utf8)
            _ = try folder.file("layer", block.bytes + [UInt8](repeating: 0, count: 1024))
            return #expect(throws: LayerArchiveError.self) { try unpack(folder) }
        }
        #expect(try refused("0", "../x")?.code == .escape)
        #expect(try refused("1", "x", link: "../../y")?.code == .escape)
        #expect(try refused("1", "x", link: "/")?.code == .corrupt)
        _ = try folder.file("layer", [1, 2, 3])
        #expect(throws: LayerArchiveError.self) { try unpack(folder) }
    }

    @Test func `a damaged record is refused`() throws {
        let folder = try TemporaryFolder()
        _ = try folder.write(`Layer writer`.everything(), .standard(.gzip))
        let record = try folder.withOutput("spool") {
            try LayerReader.unpack(
                OpenFile(reading: folder.path.appending("layer")), name: "layer", into: $0, isCancelled: { false })
        }
        let text = String(decoding: try record.encode(), as: UTF8.self)
        for (old, new) in [("\"schema\":2", "\"schema\":1"), ("\"f ", "\"q "), ("\"entries\"", "\"other\"")] {
            #expect(throws: LayerArchiveError.self, "\(old)") {
                let changed = Array(text.replacing(old, with: new).utf8)
                _ = try UnpackedLayer(record: LayerRecord(decoding: changed), spool: FilePath("spool"))
            }
        }
    }
}
