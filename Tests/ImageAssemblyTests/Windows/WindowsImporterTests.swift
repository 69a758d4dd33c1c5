import ImageAssembly
import LayerArchive
import OCIModel
import TestSupport
import Testing

/// A layer that Windows refuses, with the entry at which it stops and the rule.
struct BrokenLayer: Sendable, CustomTestStringConvertible {
    var name: String
    var members: [ForeignMember]
    /// The entry, or `nil` if no single entry is to blame.
    var entry: String?
    var rule: WindowsImporter.Rule
    var isBase = false

    var testDescription: String { name }

    init(
        _ name: String, _ rule: WindowsImporter.Rule, at entry: String?, isBase: Bool = false,
        _ members: [ForeignMember]
    ) {
        (self.name, self.rule, self.entry, self.isBase, self.members) = (name, rule, entry, isBase, members)
    }
}

@Suite struct WindowsImporterTests {
    private static let roots: [ForeignMember] = [.directory("Hives"), .directory("Files")]

    static let broken: [BrokenLayer] = [
        BrokenLayer("a Linux layer", .top, at: "usr", [.directory("usr"), .file("usr/x")]),
        BrokenLayer("files in lower case", .top, at: "files", [.directory("files"), .directory("Hives")]),
        BrokenLayer("hives in upper case", .top, at: "HIVES", [.directory("Files"), .directory("HIVES")]),
        BrokenLayer("the layer's own folder", .top, at: "./", [.directory("./")] + roots),
        BrokenLayer("a file at the top", .top, at: "tombstones.txt", roots + [.file("tombstones.txt")]),
        BrokenLayer("no Hives", .roots, at: nil, [.directory("Files"), .file("Files/x")]),
        BrokenLayer("no Files", .roots, at: nil, [.directory("Hives")]),
        BrokenLayer("nothing", .roots, at: nil, []),
        BrokenLayer("Files is a file", .roots, at: nil, [.directory("Hives"), .file("Files")]),
        BrokenLayer("no directory entry", .parent, at: "Files/usr/x", roots + [.file("Files/usr/x")]),
        BrokenLayer(
            "no root entry", .parent, at: "Files/x", [.file("Files/x"), .directory("Files"), .directory("Hives")]),
        BrokenLayer(
            "a directory after what it holds", .parent, at: "Files/usr/x",
            roots + [.file("Files/usr/x"), .directory("Files/usr")]),
        BrokenLayer("below a file", .parent, at: "Files/a/b", roots + [.file("Files/a"), .file("Files/a/b")]),
        BrokenLayer(
            "below a link to a directory", .parent, at: "Files/l/b",
            roots + [.symlink("Files/l", "C:\\usr", ["MSWINDOWS.fileattr": "1040"]), .file("Files/l/b")]),
        BrokenLayer("a file twice", .duplicate, at: "Files/a", roots + [.file("Files/a"), .file("Files/a")]),
        BrokenLayer("a directory twice", .duplicate, at: "Files", roots + [.directory("Files")]),
        BrokenLayer("a directory twice, with a slash", .duplicate, at: "Files/", roots + [.directory("Files/")]),
        BrokenLayer(
            "another case", .duplicate, at: "Files/ETCD.exe",
            roots + [.file("Files/etcd.exe"), .file("Files/ETCD.exe")]),
        BrokenLayer(
            "another case of a directory", .duplicate, at: "Files/USR",
            roots + [.directory("Files/usr"), .directory("Files/USR")]),
        BrokenLayer(
            "a link over a file", .duplicate, at: "Files/bb",
            roots + [.file("Files/a"), .file("Files/bb"), .hardLink("Files/bb", "Files/a")]),
        BrokenLayer(
            "the importer's own name", .duplicate, at: "Files/a.$wcidirs$", roots + [.file("Files/a.$wcidirs$")]),
        BrokenLayer("an absolute path", .name, at: "/Files/a", roots + [.file("/Files/a")]),
        BrokenLayer("backslashes for slashes", .top, at: "Files\\a", roots + [.file("Files\\a")]),
        BrokenLayer("a backslash", .name, at: "Files/a\\b", roots + [.file("Files/a\\b")]),
        BrokenLayer("a forbidden character", .name, at: "Files/a?", roots + [.file("Files/a?")]),
        BrokenLayer("a control character", .name, at: "Files/a\u{1}", roots + [.file("Files/a\u{1}")]),
        BrokenLayer("a device's name", .name, at: "Files/aux.txt", roots + [.file("Files/aux.txt")]),
        BrokenLayer("a dot at the end", .name, at: "Files/a.", roots + [.file("Files/a.")]),
        BrokenLayer(
            "too long a name", .name, at: "Files/" + String(repeating: "n", count: 256),
            roots + [.file("Files/" + String(repeating: "n", count: 256))]),
        BrokenLayer("a device", .kind, at: "Files/null", roots + [ForeignMember(name: "Files/null", type: "3")]),
        BrokenLayer("a pipe", .kind, at: "Files/p", roots + [ForeignMember(name: "Files/p", type: "6")]),
        BrokenLayer("a whiteout of a hive", .whiteout, at: "Hives/.wh.Sam", roots + [.file("Hives/.wh.Sam")]),
        BrokenLayer("a whiteout of Files", .whiteout, at: "Files/.wh.", roots + [.file("Files/.wh.")]),
        BrokenLayer("an opaque whiteout", .whiteout, at: "Files/.wh..wh..opq", roots + [.file("Files/.wh..wh..opq")]),
        BrokenLayer("a whiteout of Files itself", .top, at: ".wh.Files", roots + [.file(".wh.Files")]),
        BrokenLayer("a whiteout in a base", .whiteout, at: "Files/.wh.a", isBase: true, roots + [.file("Files/.wh.a")]),
        BrokenLayer("a hard link to nothing", .hardLink, at: "Files/b", roots + [.hardLink("Files/b", "Files/a")]),
        BrokenLayer(
            "a hard link before its file", .hardLink, at: "Files/b",
            roots + [.hardLink("Files/b", "Files/a"), .file("Files/a")]),
        BrokenLayer(
            "a hard link in another case", .hardLink, at: "Files/b",
            roots + [.file("Files/a"), .hardLink("Files/b", "Files/A")]),
        BrokenLayer(
            "a hard link out of Files", .hardLink, at: "Files/b",
            roots + [.file("Hives/a"), .hardLink("Files/b", "Hives/a")]),
        BrokenLayer(
            "a hard link in Hives", .hardLink, at: "Hives/b",
            roots + [.file("Files/a"), .hardLink("Hives/b", "Files/a")]),
        BrokenLayer(
            "a hard link through ..", .hardLink, at: "Files/b", roots + [.hardLink("Files/b", "Files/../../a")]),
        BrokenLayer(
            "a hard link with a dot before it", .hardLink, at: "./Files/b",
            roots + [.file("Files/a"), .hardLink("./Files/b", "Files/a")]),
        BrokenLayer(
            "a hard link to a directory", .hardLink, at: "Files/b",
            roots + [.directory("Files/a"), .hardLink("Files/b", "Files/a")]),
        BrokenLayer(
            "a hard link below nothing", .parent, at: "Files/d/bb",
            roots + [.file("Files/a"), .hardLink("Files/d/bb", "Files/a")]),
        BrokenLayer("a symlink to nothing", .symlink, at: "Files/l", roots + [.symlink("Files/l", "")]),
        BrokenLayer(
            "a symlink to a directory with a file's attributes", .symlink, at: "Files/l",
            roots + [.directory("Files/d"), .symlink("Files/l", "d")]),
        BrokenLayer(
            "a stream before its file", .stream, at: "Files/a:s", roots + [.file("Files/a:s"), .file("Files/a")]),
        BrokenLayer(
            "a stream after another file", .stream, at: "Files/a:s",
            roots + [.file("Files/a"), .file("Files/b"), .file("Files/a:s")]),
        BrokenLayer("a stream without a name", .stream, at: "Files/a:", roots + [.file("Files/a"), .file("Files/a:")]),
        BrokenLayer(
            "a directory as a stream", .stream, at: "Files/a:s", roots + [.file("Files/a"), .directory("Files/a:s")]),
        BrokenLayer(
            "attributes in hexadecimal", .attributes, at: "Files/a",
            roots + [.file("Files/a", ["MSWINDOWS.fileattr": "0x20"])]),
        BrokenLayer(
            "negative attributes", .attributes, at: "Files/a", roots + [.file("Files/a", ["MSWINDOWS.fileattr": "-1"])]),
        BrokenLayer(
            "attributes of 33 bits", .attributes, at: "Files/a",
            roots + [.file("Files/a", ["MSWINDOWS.fileattr": "4294967296"])]),
        BrokenLayer(
            "a file with a directory's attributes", .attributes, at: "Files/a",
            roots + [.file("Files/a", ["MSWINDOWS.fileattr": "48"])]),
        BrokenLayer(
            "a directory with a file's attributes", .attributes, at: "Files/d",
            roots + [.directory("Files/d", ["MSWINDOWS.fileattr": "32"])]),
        BrokenLayer(
            "a descriptor in hexadecimal", .security, at: "Files/a",
            roots + [.file("Files/a", ["MSWINDOWS.rawsd": "0x01"])]),
        BrokenLayer(
            "a descriptor without padding", .security, at: "Files/a",
            roots + [
                .file(
                    "Files/a",
                    ["MSWINDOWS.rawsd": "AQAAgBQAAAAkAAAAAAAAAAAAAAABAgAAAAAABSAAAAAhAgAAAQIAAAAAAAUgAAAAIQIAAA"])
            ]),
        BrokenLayer(
            "a descriptor cut short", .security, at: "Files/a",
            roots + [.file("Files/a", ["MSWINDOWS.rawsd": "AQAAgBQAAAA="])]),
        BrokenLayer(
            "a descriptor whose owner lies outside", .security, at: "Files/a",
            roots + [.file("Files/a", ["MSWINDOWS.rawsd": "AQAAgBQAAAAkAAAAAAAAAAAAAAABAgAA"])]),
        BrokenLayer(
            "an old descriptor that is invalid", .security, at: "Files/a",
            roots + [.file("Files/a", ["MSWINDOWS.sd": "everybody"])]),
        BrokenLayer(
            "an old descriptor of nonsense", .security, at: "Files/a",
            roots + [.file("Files/a", ["MSWINDOWS.sd": "O:everybody"])]),
        BrokenLayer(
            "an old descriptor with a broken rule", .security, at: "Files/a",
            roots + [.file("Files/a", ["MSWINDOWS.sd": "O:BAG:SYD:(A;;FA)"])]),
        BrokenLayer(
            "an empty creation time", .record, at: "Files/a",
            roots + [.file("Files/a", ["LIBARCHIVE.creationtime": ""])]),
        BrokenLayer(
            "a hard link to an absolute path", .hardLink, at: "Files/bb",
            roots + [.file("Files/a"), .hardLink("Files/bb", "/Files/a")]),
        BrokenLayer(
            "a hard link of one letter", .hardLink, at: "Files/b",
            roots + [.file("Files/a"), .hardLink("Files/b", "Files/a")]),
        BrokenLayer(
            "1024 hard links", .hardLink, at: "Files/l1024",
            roots + [.file("Files/a")]
                + (1...1024).map { .hardLink("Files/l\($0)", $0 < 500 ? "Files/a" : "Files/l\($0 - 1)") }),
        BrokenLayer(
            "a directory with a long name", .name, at: "Files/" + String(repeating: "d", count: 246),
            roots + [.directory("Files/" + String(repeating: "d", count: 246))]),
        BrokenLayer(
            "a Greek letter in another case", .duplicate, at: "Files/\u{1f88}",
            roots + [.file("Files/\u{1f80}"), .file("Files/\u{1f88}")]),
        BrokenLayer(
            "a creation time in words", .record, at: "Files/a",
            roots + [.file("Files/a", ["LIBARCHIVE.creationtime": "yesterday"])]),
        BrokenLayer(
            "an extended attribute as text", .record, at: "Files/a",
            roots + [.file("Files/a", ["MSWINDOWS.xattr.user": "text!"])]),
        BrokenLayer("a utility VM with a slash", .utilityVM, at: "UtilityVM/", roots + [.directory("UtilityVM/")]),
        BrokenLayer(
            "a utility VM without itself", .utilityVM, at: "UtilityVM/Files", roots + [.directory("UtilityVM/Files")]),
        BrokenLayer(
            "a utility VM's disk", .utilityVM, at: "UtilityVM/base.vhdx",
            roots + [.directory("UtilityVM"), .file("UtilityVM/base.vhdx")]),
    ]

    @Test(arguments: broken)
    func `a broken layer is refused at its entry by its rule`(_ layer: BrokenLayer) throws {
        let folder = try TemporaryFolder()
        let refusal = WindowsImporter.refusal(of: try folder.listing(layer.members), isBase: layer.isBase)
        #expect(refusal?.rule == layer.rule, "\(refusal?.description ?? "taken")")
        #expect(refusal?.entry == layer.entry)
        #expect(refusal?.message.isEmpty == false)
    }

    @Test func `the corpus covers every rule`() {
        #expect(Set(Self.broken.map(\.rule)) == Set(WindowsImporter.Rule.allCases))
        #expect(Self.broken.count >= 30)
    }

    /// Layers as other builders write them: BuildKit, ko, crane, and Windows itself.
    @Test(arguments: [
        Self.roots + [
            .directory("Files/usr", ["MSWINDOWS.fileattr": "16", "LIBARCHIVE.creationtime": "1700000000.5"]),
            .file("Files/usr/a.exe", ["MSWINDOWS.fileattr": "32", "MSWINDOWS.rawsd": usersOwn]),
        ],
        [
            .directory("Hives"), .directory("Files"), .directory("Files/ko-app"),
            .file("Files/ko-app/app.exe", ["MSWINDOWS.rawsd": usersOwn]), .symlink("Files/kodata", "ko-app\\data"),
        ],
        [
            .directory("Files", ["MSWINDOWS.rawsd": usersOwn]), .directory("Hives", ["MSWINDOWS.rawsd": usersOwn]),
            .directory("./Files/etc/"), .file("Files/etc/hosts"),
        ],
        Self.roots + [
            .directory("Files/Windows", ["MSWINDOWS.fileattr": "16", "MSWINDOWS.sd": "O:BAG:SYD:"]),
            .file("Files/Windows/a"),
            .file("Files/Windows/a:Zone.Identifier"), .file("Files/Windows/a:second"),
            .hardLink("Files/Windows/bb", "Files/Windows/a"),
            .directory("Files/" + String(repeating: "d", count: 245)), .file("Files/\u{131}"), .file("Files/i"),
            .file("Files/\u{17f}"), .file("Files/s"), .file("Files/\u{10428}"), .file("Files/\u{10400}"),
            .symlink("Files/Old", "C:\\Windows", ["MSWINDOWS.fileattr": "1040", "MSWINDOWS.mountpoint": "1"]),
            .file("Files/.wh.gone"), .file("Hives/Sam_Delta"), .directory("UtilityVM"), .directory("UtilityVM/Files"),
            .file("UtilityVM/Files/EFI/Microsoft/Boot/BCD"), .file("UtilityVM/Files/.wh.x"),
        ],
    ])
    func `layers made by other builders pass`(_ members: [ForeignMember]) throws {
        let folder = try TemporaryFolder()
        #expect(WindowsImporter.refusal(of: try folder.listing(members), isBase: false) == nil)
    }

    static let usersOwn = "AQAAgBQAAAAkAAAAAAAAAAAAAAABAgAAAAAABSAAAAAhAgAAAQIAAAAAAAUgAAAAIQIAAA=="

    @Test func `a hard link may lead to a file of a layer below, in any case`() throws {
        let folder = try TemporaryFolder()
        let lower = try folder.listing(Self.roots + [.directory("Files/d"), .file("Files/d/a")])
        let upper = try folder.listing(Self.roots + [.hardLink("Files/bb", "Files/D/A")])
        #expect(WindowsImporter.refusal(of: upper, isBase: false) != nil)
        #expect(WindowsImporter.refusal(of: upper, isBase: false, lower: [lower]) == nil)
        let toDirectory = try folder.listing(Self.roots + [.hardLink("Files/bb", "Files/d")])
        #expect(WindowsImporter.refusal(of: toDirectory, isBase: false, lower: [lower]) != nil)
    }

    @Test func `only a base may have a utility VM with all its files`() throws {
        let folder = try TemporaryFolder()
        let base = try folder.listing(
            Self.roots + [
                .directory("UtilityVM"), .directory("UtilityVM/Files"), .file("UtilityVM/SystemTemplateBase.vhdx"),
            ])
        #expect(WindowsImporter.refusal(of: base, isBase: true) == nil)
        #expect(WindowsImporter.refusal(of: base, isBase: false)?.rule == .utilityVM)
    }

    @Test func `a refusal names the entry, the reason and the rule`() throws {
        let folder = try TemporaryFolder()
        let layer = try folder.listing(Self.roots + [.file("Files/usr/x")])
        #expect(
            WindowsImporter.refusal(of: layer, isBase: false)?.description
                == "Files/usr/x: comes before its directory '/Files/usr' (parent)")
    }
}
