import Foundation
import LayerArchive
import OCIModel
import SystemPackage
import TestSupport
import Testing

@Suite struct `Release archives` {
    /// A zip by Python's zipfile: a folder, a deflated program of mode 0755 and a deflated text.
    static let zip = Array(
        Data(
            base64Encoded:
                "UEsDBBQAAAAAAMdTe1oAAAAAAAAAAAAAAAAbAAAAZXRjZC12My41LjE2LXdpbmRvd3MtYW1kNjQvUEsDBBQAAAAIAMdTe1odajnwDAAAAJIBAAAj"
                + "AAAAZXRjZC12My41LjE2LXdpbmRvd3MtYW1kNjQvZXRjZC5leGXzjUotSU4ZxYMHAwBQSwMEFAAAAAgAx1N7WgWmoeUKAAAACAAAACQAAABldGNk"
                + "LXYzLjUuMTYtd2luZG93cy1hbWQ2NC9SRUFETUUubWQrSk1MUchN5QIAUEsBAhQDFAAAAAAAx1N7WgAAAAAAAAAAAAAAABsAAAAAAAAAAAAQAO1B"
                + "AAAAAGV0Y2QtdjMuNS4xNi13aW5kb3dzLWFtZDY0L1BLAQIUAxQAAAAIAMdTe1odajnwDAAAAJIBAAAjAAAAAAAAAAAAAADtgTkAAABldGNkLXYz"
                + "LjUuMTYtd2luZG93cy1hbWQ2NC9ldGNkLmV4ZVBLAQIUAxQAAAAIAMdTe1oFpqHlCgAAAAgAAAAkAAAAAAAAAAAAAACkgYYAAABldGNkLXYzLjUu"
                + "MTYtd2luZG93cy1hbWQ2NC9SRUFETUUubWRQSwUGAAAAAAMAAwDsAAAA0gAAAAAA") ?? Data())

    struct Opened {
        var package: UnpackedPackage
        var spool: [UInt8]
    }

    static func open(
        _ bytes: [UInt8], in folder: borrowing TemporaryFolder, limits: ArchiveLimits = ArchiveLimits()
    ) throws -> Opened {
        let file = try folder.file("archive", bytes)
        let record = try folder.withOutput("spool") {
            try ArchiveFile.unpack(
                OpenFile(reading: file), name: "a.zip", into: $0, limits: limits, isCancelled: { false })
        }
        let spool = folder.path.appending("spool")
        return Opened(package: try UnpackedPackage(record: record, spool: spool), spool: try contents(spool))
    }

    static func content(_ path: String, _ opened: Opened) throws -> [UInt8]? {
        guard case .regular(.slice(_, let offset, let size, _)) = opened.package.tree[try EntryPath(path)]?.kind else {
            return nil
        }
        return Array(opened.spool[Int(offset)..<Int(offset + size)])
    }

    @Test func `the members of a zip are read with their modes and times`() throws {
        let folder = try TemporaryFolder()
        let opened = try Self.open(Self.zip, in: folder)
        let top = "etcd-v3.5.16-windows-amd64"
        #expect(opened.package.tree[try EntryPath(top)]?.kind == .directory)
        #expect(opened.package.tree[try EntryPath("\(top)/etcd.exe")]?.mode == 0o755)
        #expect(opened.package.tree[try EntryPath("\(top)/README.md")]?.mode == 0o644)
        #expect(
            try Self.content("\(top)/etcd.exe", opened)
                == Array(("MZ" + String(repeating: "etcd", count: 100)).utf8))
        #expect(try Self.content("\(top)/README.md", opened) == Array("read me\n".utf8))
        // 2025-03-27 10:30:14, on every machine.
        #expect(opened.package.date == 1_743_071_414)
        #expect(opened.package.control.isEmpty)
    }

    @Test(arguments: [
        "tar -czf archive etcd-v1", "tar -cJf archive etcd-v1", "tar -cf archive etcd-v1", "tar -cjf archive etcd-v1",
        "tar -c etcd-v1 | zstd -q > archive", "tar -czf archive etcd-v1 etcd-v1/etcd",
        "tar -c etcd-v1 | head -c 1536 | gzip > archive",
    ])
    func `a tar is read, compressed or not`(command: String) async throws {
        let folder = try TemporaryFolder()
        let make =
            "mkdir etcd-v1 && printf hello > etcd-v1/etcd && chmod 755 etcd-v1/etcd && touch -d @1700000000 etcd-v1/etcd"
        #expect(try await run("\(make) && \(command)", in: folder.path) == 0)
        let opened = try Self.open(try contents(folder.path.appending("archive")), in: folder)
        #expect(try Self.content("etcd-v1/etcd", opened) == Array("hello".utf8))
        #expect(opened.package.date == 1_700_000_000)
    }

    @Test(arguments: [
        ("tool", "cp plain archive", ["tool"]), ("tool.gz", "gzip -c plain > archive", ["tool", "tool.gz"]),
        ("tool.XZ", "xz -c plain > archive", ["tool", "tool.XZ"]),
        ("tool.zst", "zstd -qc plain > archive", ["tool", "tool.zst"]),
        ("tool.bz2", "bzip2 -c plain > archive", ["tool", "tool.bz2"]),
    ])
    func `a release may be a single file, plain or compressed`(
        _ name: String, _ command: String, _ names: [String]
    ) async throws {
        let folder = try TemporaryFolder()
        for (text, mode) in [
            ("\u{7f}ELF" + String(repeating: "x", count: 2000), 0o755), ("#!/bin/sh\n", 0o755), ("a: b", 0o644),
        ] {
            _ = try folder.file("plain", Array(text.utf8))
            #expect(try await run(command, in: folder.path) == 0)
            let record = try folder.withOutput("spool") {
                try ArchiveFile.unpack(
                    OpenFile(reading: folder.path.appending("archive")), name: name, into: $0, isCancelled: { false })
            }
            let package = try UnpackedPackage(record: record, spool: folder.path.appending("spool"))
            let single = try #require(package.singleFileNames(name))
            #expect(single.names == names)
            #expect(package.tree[single.path]?.mode == UInt16(mode))
            #expect(try contents(folder.path.appending("spool")) == Array(text.utf8))
        }
    }

    @Test(arguments: ["a.tar.gz", "a.tgz", "a.tar"])
    func `a damaged tar is not taken for a single file`(_ name: String) throws {
        let folder = try TemporaryFolder()
        let file = try folder.file("archive", Array("not a tar".utf8))
        #expect(throws: LayerArchiveError.self) {
            try folder.withOutput("spool") {
                try ArchiveFile.unpack(OpenFile(reading: file), name: name, into: $0, isCancelled: { false })
            }
        }
    }

    @Test func `of members with the same name the last one stays, and other names of the first keep it`() async throws {
        let folder = try TemporaryFolder()
        let make = """
            mkdir p && printf one > p/a && ln p/a p/b && ln p/a p/c && tar -cf archive p && rm p/a && printf two > p/a && \
            tar -rf archive p/a
            """
        #expect(try await run(make, in: folder.path) == 0)
        let opened = try Self.open(try contents(folder.path.appending("archive")), in: folder)
        #expect(try Self.content("p/a", opened) == Array("two".utf8))
        var others: [String] = []
        for name in ["p/b", "p/c"] {
            let path = try EntryPath(name)
            switch opened.package.tree[path]?.kind {
            case .hardLink(let target): others.append("\(target)")
            default: others.append(String(decoding: try #require(try Self.content(name, opened)), as: UTF8.self))
            }
        }
        #expect(others.sorted() == ["/p/b", "one"] || others.sorted() == ["/p/c", "one"])
    }

    /// A zip of one stored file, with parameters for what may be wrong with it.
    static func stored(
        _ name: String, _ content: String, flags: UInt8 = 0, method: UInt8 = 0, size: UInt32? = nil,
        mode: UInt32 = 0o100644, count: UInt16 = 1
    ) -> [UInt8] {
        func two(_ value: UInt16) -> [UInt8] { [UInt8(value & 255), UInt8(value >> 8)] }
        func four(_ value: UInt32) -> [UInt8] { two(UInt16(value & 0xffff)) + two(UInt16(value >> 16)) }
        let length = UInt32(content.utf8.count)
        let common: [UInt8] =
            [20, 0, flags, 0, method, 0] + four(0) + four(0) + four(length) + four(size ?? length)
            + two(UInt16(name.utf8.count)) + two(0)
        let local: [UInt8] = [0x50, 0x4b, 3, 4] + common + Array(name.utf8) + Array(content.utf8)
        let attributes = two(0) + two(0) + two(0) + four(mode << 16) + four(0)
        let central: [UInt8] = [0x50, 0x4b, 1, 2, 20, 3] + common + attributes + Array(name.utf8)
        let end =
            [0x50, 0x4b, 5, 6, 0, 0, 0, 0] + two(count) + two(count) + four(UInt32(central.count))
            + four(UInt32(local.count)) + two(0)
        return local + central + end
    }

    @Test func `a zip from this suite's own writer can be read`() throws {
        let folder = try TemporaryFolder()
        #expect(try Self.content("a", try Self.open(Self.stored("a", "hello"), in: folder)) == Array("hello".utf8))
    }

    @Test(
        arguments: [
            (stored("../a", "x"), .escape), (stored("/etc/passwd", "x"), .escape), (stored("a/../../b", "x"), .escape),
            (stored("a", "x", flags: 1), .corrupt), (stored("a", "x", method: 12), .corrupt),
            (stored("a", "x", size: 2), .corrupt), (stored("a", "xyz", size: 1), .tooLarge),
            (stored("a", "x", size: 0xffff_ffff), .corrupt), (stored("a", "/etc", mode: 0o120777), .corrupt),
            (stored("a", "x", count: 2), .corrupt), (stored("a", "x", count: 0xffff), .corrupt),
            (stored("", "x"), .escape), (Array(zip.dropLast(30)), .corrupt), (Array(zip.prefix(4)), .corrupt),
            (Array(zip[..<122]) + [0xff, 0xff, 0xff] + Array(zip[125...]), .corrupt),
        ] as [([UInt8], LayerArchiveError.Code)])
    func `a hostile or damaged zip is refused`(bytes: [UInt8], code: LayerArchiveError.Code) throws {
        let folder = try TemporaryFolder()
        let error = try #require(throws: LayerArchiveError.self) { try Self.open(bytes, in: folder) }
        #expect(error.code == code, "\(error.message)")
    }

    @Test func `a zip that exceeds the limits is refused`() throws {
        let folder = try TemporaryFolder()
        let error = try #require(throws: LayerArchiveError.self) {
            try Self.open(Self.zip, in: folder, limits: ArchiveLimits(totalSize: 405))
        }
        #expect(error.code == .tooLarge)
    }

    /// Changes one byte at each place: nothing traps, and if the zip can still be read, nothing leaves the root.
    @Test func `no damage to a zip traps`() throws {
        let folder = try TemporaryFolder()
        for place in Self.zip.indices {
            var bytes = Self.zip
            bytes[place] ^= 0xff
            _ = try? Self.open(bytes, in: folder)
        }
    }
}
