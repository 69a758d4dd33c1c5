import OCIModel
import SystemPackage
import Testing

@testable import LayerArchive

@Suite struct `Vendors' PAX records` {
    private static let records = [
        "MSWINDOWS.fileattr": "16", "MSWINDOWS.rawsd": "AQAAgBQ=", "LIBARCHIVE.creationtime": "1700000000",
    ]

    private func directory(_ records: [String: String]) -> FileEntry {
        FileEntry(.directory, mode: 0o755, modified: 7, paxRecords: records)
    }

    @Test(arguments: LayerCodec.Compression.allCases)
    func `records and bare names of directories are read back as they were written`(
        _ compression: LayerCodec.Compression
    ) throws {
        let folder = try TemporaryFolder()
        var tree = try FileTree([
            ("Files", directory(Self.records)),
            (
                "Files/f",
                FileEntry(
                    .regular(.bytes([1])), mode: 0o555, modified: 7, attributes: ["user.a": [2]],
                    paxRecords: ["MSWINDOWS.fileattr": "32", "MSWINDOWS.note": "é = ü"])
            ),
            ("Files/link", FileEntry(.hardLink(to: EntryPath("Files/f")), mode: 0, modified: 0)),
            ("Files/plain", .file("without")),
        ])
        tree.hasBareDirectoryNames = true
        _ = try folder.write(tree, .standard(compression))
        let entries = try folder.list().entries
        #expect(entries.map(\.member.shownPath) == ["Files", "Files/f", "Files/link", "Files/plain"])
        #expect(entries[0].member.paxRecords == Self.records)
        #expect(entries[0].member.kind == .directory)
        #expect(entries[1].member.paxRecords == ["MSWINDOWS.fileattr": "32", "MSWINDOWS.note": "é = ü"])
        #expect(entries[1].member.attributes == ["user.a": [2]])
        #expect(entries[2].member.paxRecords == entries[1].member.paxRecords)
        #expect(entries[3].member.paxRecords.isEmpty)
    }

    @Test func `records are in the byte order of their keywords`() throws {
        let header = try TarHeader.bytes(
            path: EntryPath("Files"), entry: directory(Self.records), hasBareDirectoryName: true)
        #expect(
            header[512...].starts(
                with: "38 LIBARCHIVE.creationtime=1700000000\n25 MSWINDOWS.fileattr=16\n28 MSWINDOWS.rawsd=AQAAgBQ=\n"
                    .utf8))
        #expect(header[1024...].starts(with: "Files\0".utf8))
    }

    @Test(arguments: [
        ("path", "x"), ("SCHILY.xattr.user.a", "x"), ("MSWINDOWS.a=b", "x"), ("MSWINDOWS.a b", "x"), ("", "x"),
        ("MSWINDOWS.fileattr", ""),
    ])
    func `a record that is not a vendor's is refused`(_ keyword: String, _ value: String) throws {
        let error = #expect(throws: LayerArchiveError.self) {
            try TarHeader.bytes(path: EntryPath("Files"), entry: directory([keyword: value]))
        }
        #expect(error?.code == .invalidTree)
        #expect(error?.message.contains("/Files") == true)
    }
}
