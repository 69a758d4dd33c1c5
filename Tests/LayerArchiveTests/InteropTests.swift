import LayerArchive
import OCIModel
import SystemPackage
import Testing

@Suite struct `Other programs` {
    @Test func `gzip and tar read a whole layer`() throws {
        let folder = try TemporaryFolder()
        let written = try folder.write(`Layer writer`.everything(), LayerCodec(name: small(.gzip)), as: "layer.gz")
        #expect(try run("gzip -t layer.gz && gzip -dc layer.gz > layer.tar", in: folder.path) == 0)
        #expect(try Digest(of: contents(folder.path.appending("layer.tar"))) == written.diffID.digest)
        #expect(
            try run(
                "tar --list --verbose --full-time --numeric-owner --quoting-style=escape -f layer.tar | tr -s ' ' > list",
                in: folder.path)
                == 0)
        #expect(try String(decoding: contents(folder.path.appending("list")), as: UTF8.self) == expectedList)
        #expect(try !contents(folder.path.appending("layer.tar")).isEmpty)
    }

    @Test(.enabled(if: has("zstd"))) func `zstd reads a whole layer`() throws {
        let folder = try TemporaryFolder()
        let written = try folder.write(`Layer writer`.everything(), LayerCodec(name: small(.zstd)), as: "layer.zst")
        #expect(try run("zstd -q -t layer.zst && zstd -q -d layer.zst -o layer.tar", in: folder.path) == 0)
        #expect(try Digest(of: contents(folder.path.appending("layer.tar"))) == written.diffID.digest)
    }

    @Test(.enabled(if: has("python3"))) func `Python's tarfile sees the attributes and numbers`() throws {
        let folder = try TemporaryFolder()
        _ = try folder.write(`Layer writer`.everything(), LayerCodec(name: small(.gzip)), as: "layer.gz")
        let script = try folder.file("read.py", Array(reader.utf8))
        #expect(try run("python3 '\(script)' > out", in: folder.path) == 0)
        let out = try String(decoding: contents(folder.path.appending("out")), as: UTF8.self)
        #expect(out == expectedByPython)
    }

    @Test(arguments: ["gnu", "pax", "ustar", "v7"])
    func `a tar made by GNU tar is read`(_ format: String) throws {
        let folder = try TemporaryFolder()
        let name = format == "gnu" || format == "pax" ? String(repeating: "n", count: 200) : "n"
        let script = """
            mkdir -p in/d && printf hello > in/d/\(name) && chmod 4750 in/d/\(name) && ln -s \(name) in/d/s && \
            ln in/d/\(name) in/d/z && tar --sort=name --format=\(format) --mtime=@1700000000 --owner=0 --group=0 -cf layer -C in .
            """
        #expect(try run(script, in: folder.path) == 0)
        let members = try folder.list().entries
        let paths = ["", "d", "d/\(name)", "d/s", "d/z"]
        #expect(try members.map(\.path) == paths.map { try EntryPath($0) })
        #expect(members[2].member.mode == 0o4750)
        #expect(members[2].member.size == 5)
        #expect(members[2].member.modified == 1_700_000_000)
        #expect(members[3].member.kind == .symlink(target: Array(name.utf8)))
        #expect(members[4].member.kind == .hardLink(target: Array("./d/\(name)".utf8)))
    }

    @Test(arguments: ["gzip", "xz", "bzip2", "zstd"])
    func `layers compressed by other programs are read`(_ program: String) throws {
        guard has(program) || program == "gzip" else { return }
        let folder = try TemporaryFolder()
        let written = try folder.write(`Layer writer`.everything(), LayerCodec(name: small(.gzip)), as: "layer.gz")
        #expect(try run("gzip -dc layer.gz | \(program) -c > layer", in: folder.path) == 0)
        let listing = try folder.list()
        #expect(listing.diffID == written.diffID)
        #expect(listing.uncompressedSize == written.uncompressedSize)
    }

    private func small(_ compression: LayerCodec.Compression) -> String {
        LayerCodec.standard(compression).name.split(separator: "/").dropLast().joined(separator: "/") + "/64KiB"
    }

    private let reader = """
        import tarfile
        for m in tarfile.open('layer.gz', encoding='utf-8'):
            print(ascii(m.name[-12:]), len(m.name), m.type.decode(), oct(m.mode), m.uid, m.gid, m.size, int(m.mtime),
                ascii(m.linkname[:12]), ascii(sorted((k, v) for k, v in m.pax_headers.items() if 'xattr' in k)))

        """
    private let expectedByPython = #"""
        'bin' 3 2 0o777 0 0 0 7 'usr/bin' []
        'dev' 3 5 0o755 0 0 0 1 '' []
        'dev/null' 8 3 0o666 0 0 0 7 '' []
        'dev/sda' 7 4 0o660 0 6 0 7 '' []
        'etc' 3 5 0o755 0 0 0 1 '' []
        'etc/cafe\u0301' 9 0 0o644 0 0 10 1 '' []
        'etc/caf\xe9' 8 0 0o644 0 0 8 1 '' []
        'etc/empty' 9 0 0o644 0 0 0 1 '' []
        'etc/far' 7 0 0o644 0 0 3 1099511627776 '' []
        'etc/old' 7 0 0o644 0 0 16 -86400 '' []
        'etc/one' 7 0 0o644 0 0 1 1 '' []
        'etc/owned' 9 0 0o4755 3000000 4000000000 3 7 '' []
        'etc/ping' 8 0 0o755 0 0 1 7 '' [('SCHILY.xattr.security.capability', '\x01\x00\x00\x02\x00\n\udcff'), ('SCHILY.xattr.user.b', '\u03b2\n')]
        'ffffffffffff' 305 0 0o644 0 0 4 1 '' []
        'opt/link' 8 2 0o777 0 0 0 7 'xxxxxxxxxxxx' []
        'qqqqqqqqqqqq' 215 5 0o755 0 0 0 1 '' []
        'run' 3 5 0o755 0 0 0 1 '' []
        'run/pipe' 8 6 0o600 0 0 0 7 '' []
        'usr' 3 5 0o755 0 0 0 1 '' []
        'usr/bin' 7 5 0o1777 0 0 0 7 '' []
        'usr/bin/a' 9 0 0o644 0 0 40 1 '' []
        'usr/bin/b' 9 1 0o644 0 0 0 1 'usr/bin/a' []
        'usr/bin/z' 9 1 0o644 0 0 0 1 'usr/bin/a' []

        """#
    private let expectedList = #"""
        lrwxrwxrwx 0/0 0 1970-01-01 00:00:07 bin -> usr/bin
        drwxr-xr-x 0/0 0 1970-01-01 00:00:01 dev/
        crw-rw-rw- 0/0 1,3 1970-01-01 00:00:07 dev/null
        brw-rw---- 0/6 8,0 1970-01-01 00:00:07 dev/sda
        drwxr-xr-x 0/0 0 1970-01-01 00:00:01 etc/
        -rw-r--r-- 0/0 10 1970-01-01 00:00:01 etc/cafe\314\201
        -rw-r--r-- 0/0 8 1970-01-01 00:00:01 etc/caf\303\251
        -rw-r--r-- 0/0 0 1970-01-01 00:00:01 etc/empty
        -rw-r--r-- 0/0 3 36812-02-20 00:36:16 etc/far
        -rw-r--r-- 0/0 16 1969-12-31 00:00:00 etc/old
        -rw-r--r-- 0/0 1 1970-01-01 00:00:01 etc/one
        -rwsr-xr-x 3000000/4000000000 3 1970-01-01 00:00:07 etc/owned
        -rwxr-xr-x 0/0 1 1970-01-01 00:00:07 etc/ping
        -rw-r--r-- 0/0 4 1970-01-01 00:00:01 opt/\#(String(repeating: "d", count: 150))/\#(String(repeating: "f", count: 150))
        lrwxrwxrwx 0/0 0 1970-01-01 00:00:07 opt/link -> \#(String(repeating: "x", count: 300))
        drwxr-xr-x 0/0 0 1970-01-01 00:00:01 opt/\#(String(repeating: "p", count: 120))/\#(String(repeating: "q", count: 90))/
        drwxr-xr-x 0/0 0 1970-01-01 00:00:01 run/
        prw------- 0/0 0 1970-01-01 00:00:07 run/pipe
        drwxr-xr-x 0/0 0 1970-01-01 00:00:01 usr/
        drwxrwxrwt 0/0 0 1970-01-01 00:00:07 usr/bin/
        -rw-r--r-- 0/0 40 1970-01-01 00:00:01 usr/bin/a
        hrw-r--r-- 0/0 0 1970-01-01 00:00:01 usr/bin/b link to usr/bin/a
        hrw-r--r-- 0/0 0 1970-01-01 00:00:01 usr/bin/z link to usr/bin/a

        """#
}
