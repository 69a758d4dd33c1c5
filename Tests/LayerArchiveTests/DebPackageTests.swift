import OCIModel
import SystemPackage
import TestSupport
import Testing

@testable import LayerArchive

@Suite struct `Debian package` {
    typealias Member = DebFixture.Member

    @Test func `a package made by dpkg-deb is unpacked as it is`() async throws {
        guard has("dpkg-deb") else { return }
        for compression in ["xz", "gzip", "zstd", "none"] {
            let folder = try TemporaryFolder()
            let long = String(repeating: "n", count: 180)
            let script = """
                umask 022; mkdir -p p/DEBIAN p/usr/bin p/lib
                printf 'Package: x\\nVersion: 1\\nArchitecture: all\\nMaintainer: m\\nDescription: d\\n' > p/DEBIAN/control
                printf '#!/bin/sh\\n' > p/DEBIAN/postinst; chmod 755 p/DEBIAN/postinst
                printf hello > p/usr/bin/a; chmod 4755 p/usr/bin/a; ln p/usr/bin/a p/usr/bin/z; : > p/usr/\(long)
                printf caf > "p/usr/café"; ln -s usr/bin p/abc
                SOURCE_DATE_EPOCH=1700000000 dpkg-deb --root-owner-group -Z\(compression) -b p x.deb
                """
            #expect(try await run(script, in: folder.path) == 0)
            let package = try folder.unpack(folder.path.appending("x.deb"))
            #expect(package.date == 1_700_000_000)
            #expect(package.control.keys.sorted() == ["control", "postinst"])
            #expect(package.control["postinst"] == Array("#!/bin/sh\n".utf8))
            let paths = package.tree.sorted.map { String($0.path.description.dropFirst()) }
            #expect(paths == ["abc", "lib", "usr", "usr/bin", "usr/bin/a", "usr/bin/z", "usr/café", "usr/\(long)"])
            let file = try #require(package.tree[EntryPath("usr/bin/a")] ?? nil)
            let other = try #require(package.tree[EntryPath("usr/bin/z")] ?? nil)
            // dpkg-deb chooses which of the two names is the file.
            let whole = file.kind == .hardLink(to: try EntryPath("usr/bin/z")) ? other : file
            #expect(whole.mode == 0o4755)
            guard case .regular(.slice(let spool, let offset, 5, let digest)) = whole.kind else {
                throw Errno.invalidArgument
            }
            #expect(try contents(spool)[Int(offset)..<Int(offset) + 5] == Array("hello".utf8)[...])
            #expect(digest == Digest(of: Array("hello".utf8)))
            #expect(package.tree[try EntryPath("abc")]?.kind == .symlink(target: Array("usr/bin".utf8)))
            #expect(package.tree.missingParents.isEmpty)
        }
    }

    @Test func `every kind of entry survives the record`() throws {
        var tree = FileTree()
        let spool: FilePath = "/spool"
        for (path, entry) in try `Layer writer`.everything().sorted {
            var entry = entry
            if case .regular(let content) = entry.kind {
                entry.kind = .regular(.slice(of: spool, offset: 3, size: content.size, digest: Digest(of: [7])))
            }
            tree[path] = entry
        }
        tree[try EntryPath([0x61, 0xff, 0x20, 0x25, 0x3d])] = FileEntry(
            .fifo, mode: 0, modified: 0, attributes: ["a b": [0, 32, 61]])
        let record = PackageRecord(
            date: 5, spool: Digest(of: []), spoolSize: 1000, control: ["control": [0, 255]], tree: tree)
        let package = try UnpackedPackage(record: PackageRecord(decoding: record.encode()), spool: spool)
        #expect(package.tree == tree)
        #expect(package.control == ["control": [0, 255]])
        #expect(package.date == 5)
    }

    @Test func `a record that is damaged or points outside its spool is refused`() throws {
        let slice = FileEntry(
            .regular(.slice(of: "/s", offset: 990, size: 11, digest: Digest(of: []))), mode: 0o644, modified: 0)
        let record = PackageRecord(
            date: 5, spool: Digest(of: []), spoolSize: 1000, control: [:], tree: try FileTree([("f", slice)]))
        #expect(throws: LayerArchiveError.self) { try UnpackedPackage(record: record, spool: "/s") }
        let bytes = try record.encode()
        #expect(throws: LayerArchiveError.self) { try PackageRecord(decoding: Array(bytes.dropLast(3))) }
        let other = String(decoding: bytes, as: UTF8.self).replacing("\"schema\":2", with: "\"schema\":1")
        #expect(throws: LayerArchiveError.self) { try PackageRecord(decoding: Array(other.utf8)) }
        let hex = Digest(of: []).hex
        #expect(FileEntry.parse("f 1 2 3 4 p 0 0 \(hex)", spool: "/s", spoolSize: -1) == nil)
        #expect(FileEntry.parse("f 1 2 3 4 p 9 9223372036854775807 \(hex)", spool: "/s", spoolSize: 9) == nil)
        #expect(FileEntry.parse("f 1 2 3 4 p 0 0 \(hex)", spool: "/s", spoolSize: 9) != nil)
        for line in [
            "", "f", "f 1 2 3 4 p 0 0", "f 1 2 3 4 p 0 0 \(hex.dropLast())", "f 1 2 3 4 p", "x 1 2 3 4 p",
            "f 1 2 3 4 ../p 0 0", "l 1 2 3 4 p %zz", "l 1 2 3 4 p %4",
            "d 1 2 3 4 p a", "d 99999 2 3 4 p",
        ] {
            #expect(FileEntry.parse(line, spool: "/s", spoolSize: 9) == nil, "\(line)")
        }
    }

    @Test func `of two members with the same name the last one stays`() throws {
        let folder = try TemporaryFolder()
        let package = try folder.unpack(
            DebFixture([Member(name: "./a", content: [1]), Member(name: "./a", content: [2, 3])]).bytes())
        guard case .regular(.slice(_, 1, 2, Digest(of: [2, 3]))) = package.tree[try EntryPath("a")]?.kind else {
            Issue.record("the first member is still there: \(package.tree.entries)")
            return
        }
    }

    static let hostile: [[Member]] = [
        [Member(name: "./../etc/passwd", content: [1])],
        [Member(name: "..", type: "5")],
        [Member(name: "usr/../../x", content: [1])],
        [Member(name: "/etc/passwd", content: [1])],
        [Member(name: "./"), Member(name: "./x")],
        [Member(name: "./a", type: "2", link: "/etc"), Member(name: "./a/passwd", content: [1])],
        // dpkg-deb puts symlinks last, so the link may follow what lies below it.
        [Member(name: "./a/b/passwd", content: [1]), Member(name: "./a", type: "2", link: "/etc")],
        [Member(name: "./a", content: [1]), Member(name: "./a/b", content: [1])],
        [Member(name: "./a", type: "1", link: "../../etc/shadow")],
        [Member(name: "./a", type: "1", link: "/etc/shadow")],
        [Member(name: "./a", type: "1", link: "./missing")],
        [Member(name: "./a", type: "1", link: "./later"), Member(name: "./later", content: [1])],
        [Member(name: "./d", type: "5"), Member(name: "./a", type: "1", link: "./d")],
        [Member(name: "./s", type: "2", link: "/etc/shadow"), Member(name: "./a", type: "1", link: "./s")],
        [Member(name: "./d/", type: "5"), Member(name: "./d", type: "2", link: "/etc")],
    ]

    @Test(arguments: hostile.indices)
    func `a member that leaves the root or takes the place of another is refused`(_ index: Int) throws {
        let folder = try TemporaryFolder()
        let error = #expect(throws: LayerArchiveError.self) {
            try folder.unpack(DebFixture(Self.hostile[index]).bytes())
        }
        #expect(error?.code == .escape)
        #expect(error?.message.contains("x.deb") == true)
    }

    @Test func `devices and set-user-id bits are carried`() throws {
        let folder = try TemporaryFolder()
        let package = try folder.unpack(
            DebFixture([Member(name: "./null", type: "3"), Member(name: "p", type: "6")]).bytes())
        #expect(package.tree[try EntryPath("null")]?.kind == .characterDevice(major: 0, minor: 0))
        #expect(package.tree[try EntryPath("p")]?.kind == .fifo)
    }

    @Test(arguments: LayerCodec.Compression.allCases)
    func `a decompression bomb stops at the limit`(_ compression: LayerCodec.Compression) throws {
        let folder = try TemporaryFolder()
        var deb = DebFixture([Member(name: "./zeros", content: [UInt8](repeating: 0, count: 8 << 20))])
        deb.dataName = compression == .gzip ? "data.tar.gz" : "data.tar.zst"
        deb.encodeData = { try DebFixture.compress($0, compression) }
        let bytes = try deb.bytes()
        #expect(bytes.count < 100_000)
        _ = try folder.unpack(bytes)
        for limits in [ArchiveLimits(totalSize: 1 << 20), ArchiveLimits(memberSize: 1 << 20)] {
            let error = #expect(throws: LayerArchiveError.self) { try folder.unpack(bytes, limits: limits) }
            #expect(error?.code == .tooLarge)
            #expect(try contents(folder.path.appending("spool")).count <= 1 << 20)
        }
    }

    @Test func `too many members or too much control data are refused`() throws {
        let folder = try TemporaryFolder()
        let many = DebFixture((0..<20).map { Member(name: "./\($0)") })
        #expect(throws: LayerArchiveError.self) { try folder.unpack(many.bytes(), limits: ArchiveLimits(members: 19)) }
        _ = try folder.unpack(many.bytes(), limits: ArchiveLimits(members: 20))
        var large = DebFixture([])
        large.control.append(Member(name: "postinst", content: noise(3000)))
        let error = #expect(throws: LayerArchiveError.self) {
            try folder.unpack(large.bytes(), limits: ArchiveLimits(heldSize: 2000))
        }
        #expect(error?.code == .tooLarge)
    }

    @Test(arguments: ["", "gz", "zst"])
    func `a package truncated anywhere is reported as damaged`(_ suffix: String) throws {
        let folder = try TemporaryFolder()
        var deb = DebFixture([Member(name: "./f", content: noise(20_000))])
        if !suffix.isEmpty {
            deb.dataName += "." + suffix
            deb.encodeData = { try DebFixture.compress($0, suffix == "gz" ? .gzip : .zstd) }
        }
        let whole = try deb.bytes()
        _ = try folder.unpack(whole)
        for length in [0, 7, 8, 50, 100, 600, 2500, whole.count - 2000, whole.count - 20] {
            let error = #expect(throws: LayerArchiveError.self) { try folder.unpack(Array(whole.prefix(length))) }
            #expect(error?.code == .corrupt, "\(length)")
        }
        // The member itself is truncated; the outer archive is whole.
        for cut in [1, 8, 600, 1100] {
            deb.encodeData = { [encode = deb.encodeData] in Array(try encode($0).dropLast(cut)) }
            let error = #expect(throws: LayerArchiveError.self) { try folder.unpack(deb.bytes()) }
            #expect(error?.code == .corrupt, "\(cut)")
            #expect(error?.message.contains("data.tar") == true)
        }
    }

    @Test func `a file that is not a Debian package is reported as damaged`() throws {
        let folder = try TemporaryFolder()
        var debs: [DebFixture] = []
        for change: (inout DebFixture) -> Void in [
            { $0.version = "3.0\n" }, { $0.controlName = "control.zip" }, { $0.dataName = "data.tar.lz4" },
            { $0.controlName = "control.tar.bz2" }, { $0.control = [] }, { $0.dataName = "other" },
            { $0.members[0].type = "S" }, { $0.members[0].claimedSize = 1 << 32 },
            { $0.members[0].type = "2" },
            {
                $0.encodeData = {
                    var b = $0; b[100] ^= 1; return b
                }
            },
            { $0.encodeData = { _ in [] } },
            {
                $0.dataName = "data.tar.xz"; $0.encodeData = { _ in noise(4000) }
            },
        ] {
            var deb = DebFixture([Member(name: "./f", content: [1, 2, 3])])
            change(&deb)
            debs.append(deb)
        }
        for (index, deb) in debs.enumerated() {
            let error = #expect(throws: LayerArchiveError.self, "\(index)") { try folder.unpack(deb.bytes()) }
            #expect(error?.code == .corrupt, "\(index)")
        }
    }

    @Test func `members meant for other programs are skipped`() throws {
        let folder = try TemporaryFolder()
        let control = DebFixture.tar([Member(name: "control", content: [65])])
        let bytes = DebFixture.ar([
            ("debian-binary", Array("2.0\n".utf8)), ("_gpgbuilder", [1, 2, 3]), ("control.tar", control),
            ("data.tar", DebFixture.tar([Member(name: "f")])), ("after", [1]),
        ])
        #expect(try folder.unpack(bytes).tree.sorted.count == 1)
    }

    @Test func `cancellation stops the unpacking`() throws {
        let folder = try TemporaryFolder()
        let bytes = try DebFixture([Member(name: "./f", content: noise(1 << 20))]).bytes()
        let error = #expect(throws: LayerArchiveError.self) { try folder.unpack(bytes, isCancelled: { true }) }
        #expect(error?.code == .cancelled)
    }
}
