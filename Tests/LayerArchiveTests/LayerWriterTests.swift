import FoundationEssentials
import LayerArchive
import OCIModel
import Synchronization
import SystemPackage
import TestSupport
import Testing

@Suite struct `Layer writer` {
    /// Returns a tree with an entry of each kind, long and non-ASCII names, attributes, and numbers beyond ustar's
    /// range.
    static func everything() throws -> FileTree {
        let long = "opt/" + String(repeating: "d", count: 150) + "/" + String(repeating: "f", count: 150)
        return try FileTree([
            ("bin", FileEntry(.symlink(target: Array("usr/bin".utf8)), mode: 0o644, modified: 7)),
            ("dev/null", FileEntry(.characterDevice(major: 1, minor: 3), mode: 0o666, modified: 7)),
            ("dev/sda", FileEntry(.blockDevice(major: 8, minor: 0), mode: 0o660, groupID: 6, modified: 7)),
            ("dev", .folder),
            ("etc", .folder), ("etc/empty", .file("")), ("etc/one", .file("1")),
            ("etc/café", .file("composed")), ("etc/cafe\u{301}", .file("decomposed")),
            ("etc/old", .file("before the epoch", modified: -86_400)),
            ("etc/far", .file("far", modified: 1 << 40)),
            (
                "etc/owned",
                FileEntry(
                    .regular(.bytes([1, 2, 3])), mode: 0o4755, userID: 3_000_000, groupID: 4_000_000_000, modified: 7)
            ),
            (
                "etc/ping",
                FileEntry(
                    .regular(.bytes([0])), mode: 0o755, modified: 7,
                    attributes: ["security.capability": [1, 0, 0, 2, 0, 10, 255], "user.b": Array("β\n".utf8)])
            ),
            ("run/pipe", FileEntry(.fifo, mode: 0o600, modified: 7)), ("run", .folder),
            (long, .file("deep")),
            // Fits ustar's name and prefix, without PAX.
            ("opt/" + String(repeating: "p", count: 120) + "/" + String(repeating: "q", count: 90), .folder),
            ("opt/link", FileEntry(.symlink(target: [UInt8](repeating: 0x78, count: 300)), mode: 0o777, modified: 7)),
            ("usr", .folder), ("usr/bin", FileEntry(.directory, mode: 0o1777, modified: 7)),
            ("usr/bin/z", .file("the file itself comes last in byte order")),
            ("usr/bin/a", FileEntry(.hardLink(to: EntryPath("usr/bin/z")), mode: 0, modified: 0)),
            ("usr/bin/b", FileEntry(.hardLink(to: EntryPath("usr/bin/a")), mode: 0, modified: 0)),
        ])
    }

    @Test func `a fixed tree has a fixed DiffID`() throws {
        let folder = try TemporaryFolder()
        for codec in LayerCodec.Compression.allCases.map(LayerCodec.standard) {
            let written = try folder.write(Self.everything(), codec)
            #expect("\(written.diffID)" == "sha256:e8350b5661d7d4370f6a4964edc18b8750c2173fdfd155bb74195819cc3c55e7")
        }
    }

    /// Other versions of the library may give other bytes, which is why a codec's name contains its library's version.
    @Test(arguments: [
        ("gzip/libdeflate-1.14/6/1MiB", "sha256:2d6373f91863ca7e049010cbb4aa8ee77b9d41c49aedf757219ca6515bbf2ea3"),
        ("zstd/libzstd-1.5.4/3/1MiB", "sha256:b213d360d0995ebce83e9d239b8543ef190b9fc8acf368ed17a2979afb86af62"),
    ])
    func `a fixed tree has fixed bytes in a named codec`(_ name: String, _ digest: String) throws {
        let carried = LayerCodec.Compression.allCases.map { LayerCodec.standard($0).name.split(separator: "/")[1] }
        guard carried.contains(name.split(separator: "/")[1]) else { return }
        let folder = try TemporaryFolder()
        #expect(try "\(folder.write(Self.everything(), LayerCodec(name: name)).digest)" == digest)
    }

    @Test(arguments: LayerCodec.Compression.allCases)
    func `any number of threads gives the same bytes`(_ compression: LayerCodec.Compression) throws {
        let folder = try TemporaryFolder()
        let content = try folder.file("content", noise(3_000_001))
        var tree = try Self.everything()
        tree[try EntryPath("usr/big")] = FileEntry(
            .regular(.slice(of: content, offset: 1, size: 3_000_000, digest: Digest(of: noise(3_000_001).dropFirst()))),
            mode: 0o644, modified: 7)
        let codec = LayerCodec.standard(compression)
        let small = try LayerCodec(name: codec.name.split(separator: "/").dropLast().joined(separator: "/") + "/64KiB")
        for codec in [codec, small] {
            let one = try folder.write(tree, codec, threads: 1, as: "1")
            for threads in [2, 3, 8] {
                #expect(try folder.write(tree, codec, threads: threads, as: "\(threads)") == one)
                #expect(try contents(folder.path.appending("\(threads)")) == contents(folder.path.appending("1")))
            }
        }
    }

    @Test func `contents with sizes around the block size are read back whole`() throws {
        let folder = try TemporaryFolder()
        let block = 64 << 10
        let codec = try LayerCodec(name: LayerCodec.standard(.gzip).name.replacing("1MiB", with: "64KiB"))
        // With the last size, header, content and end marker fill exactly two blocks.
        for size in [0, 1, 511, 512, 513, block - 512, block, block + 1, 2 * block - 1536] {
            let bytes = noise(size)
            let content = try folder.file("content", bytes)
            let tree = try FileTree([
                ("f", FileEntry(.regular(.file(content, size: Int64(size))), mode: 0o644, modified: 0))
            ])
            let written = try folder.write(tree, codec)
            #expect(written.uncompressedSize == Int64(512 + (size + 511) / 512 * 512 + 1024))
            try folder.withOutput("plain") { try TarFile.write(tree, to: $0, isCancelled: { false }) }
            let plain = try #require(FileManager.default.contents(atPath: folder.path.appending("plain").string))
            #expect(Array(plain[512..<512 + size]) == bytes)
            #expect(written.diffID.digest == Digest(of: plain))
            #expect(try folder.list().diffID == written.diffID)
        }
    }

    @Test func `an empty tree is a layer of two zero blocks`() throws {
        let folder = try TemporaryFolder()
        let written = try folder.write(FileTree(), .standard(.gzip))
        #expect(written.uncompressedSize == 1024)
        #expect(written.diffID.digest == Digest(of: [UInt8](repeating: 0, count: 1024)))
        #expect(try folder.list().entries.isEmpty)
    }

    @Test func `gzip members carry neither a time nor an operating system`() throws {
        let folder = try TemporaryFolder()
        _ = try folder.write(FileTree(), .standard(.gzip))
        let header = try contents(folder.path.appending("layer")).prefix(10)
        #expect(header.prefix(8) == [0x1f, 0x8b, 8, 0, 0, 0, 0, 0])
        #expect(header.last == 255)
    }

    @Test func `a content file that is missing or too short is named with the path it belongs to`() throws {
        let folder = try TemporaryFolder()
        let short = try folder.file("short", [1, 2, 3])
        for file in [short, folder.path.appending("missing")] {
            let tree = try FileTree([
                ("etc/wanted", FileEntry(.regular(.file(file, size: 4)), mode: 0o644, modified: 0))
            ])
            let error = #expect(throws: LayerArchiveError.self) { try folder.write(tree, .standard(.gzip)) }
            #expect(error?.code == .inputOutput)
            #expect(error?.message.contains(file.string) == true)
            #expect(file != short || error?.message.contains("/etc/wanted") == true)
        }
    }

    @Test func `a full disk is an error with a remedy`() throws {
        let folder = try TemporaryFolder()
        let tree = try FileTree([("f", .file("x"))])
        let full = try FileDescriptor.open("/dev/full", .writeOnly)
        let error = try full.closeAfter {
            #expect(throws: LayerArchiveError.self) {
                try LayerWriter.write(tree, codec: .standard(.gzip), threads: 2, to: full, isCancelled: { false })
            }
        }
        #expect(error?.code == .inputOutput)
        #expect(error?.hint?.contains("space") == true)
        withExtendedLifetime(folder) {}
    }

    @Test(arguments: [1, 2, 8])
    func `cancellation stops all workers`(_ threads: Int) throws {
        let folder = try TemporaryFolder()
        let content = try folder.file("content", noise(4 << 20))
        let tree = try FileTree([
            ("f", FileEntry(.regular(.file(content, size: 4 << 20)), mode: 0o644, modified: 0))
        ])
        let codec = try LayerCodec(name: LayerCodec.standard(.gzip).name.replacing("1MiB", with: "64KiB"))
        let asked = Asked()
        let error = #expect(throws: LayerArchiveError.self) {
            try folder.withOutput("out") { output in
                try LayerWriter.write(
                    tree, codec: codec, threads: threads, to: output,
                    isCancelled: { asked.count.add(1, ordering: .relaxed).newValue > 5 })
            }
        }
        #expect(error?.code == .cancelled)
        // All 65 blocks would call it 65 times; the few calls beyond five come from workers already under way.
        #expect(asked.count.load(ordering: .relaxed) <= 5 + threads)
    }

    private final class Asked: Sendable { let count = Atomic(0) }
}
