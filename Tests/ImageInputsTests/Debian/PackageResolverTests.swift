import DebianFormat
import ImageInputs
import OCIModel
import Testing

struct PackageResolverTests {
    /// Creates an index from one package per line: `name version field=value; field=value`.
    private func index(_ suite: String, _ lines: String) throws -> (source: IndexSource, index: IndexView) {
        let stanzas = lines.split(separator: "\n").map { line in
            let words = line.split(separator: " ", maxSplits: 2).map(String.init)
            var fields = [
                "Package": words[0], "Version": words[1], "Architecture": "amd64", "Size": "10",
                "Filename": "pool/main/\(words[0])_\(words[1]).deb",
                "SHA256": Digest(of: Array("\(suite) \(words[0]) \(words[1])".utf8)).hex,
            ]
            for field in (words.count > 2 ? words[2] : "").split(separator: ";") {
                let halves = field.split(separator: "=", maxSplits: 1).map { $0.drop { $0 == " " } }
                fields[String(halves[0])] = String(halves[1])
            }
            return fields.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)\n" }.joined()
        }
        let source = IndexSource(archive: "debian", suite: suite, path: "main/binary-amd64/Packages.xz")
        let index = try PackagesIndex(Array(stanzas.joined(separator: "\n").utf8))
        return (source, IndexView(whole: index, digest: Digest(of: suite.utf8)))
    }

    private func resolve(
        _ wishes: [PackageWish], _ suites: [String: String], base: [String] = ["s"]
    ) throws -> (packages: [String], problems: [String]) {
        let indexes = try suites.sorted { $0.key < $1.key }.map { try index($0.key, $0.value) }
        let (packages, problems) = try PackageResolver.resolve(
            wishes, suites: base, from: SuiteIndexes(architecture: "amd64", indexes: indexes))
        let names = packages.map { "\($0.package.name) \($0.package.version)" }
        return (names, problems.map(\.text))
    }

    private func wish(
        _ name: String, _ suites: [String] = ["s"], files: Bool = false, upstream: String? = nil
    ) -> PackageWish {
        PackageWish(name: name, suites: suites, withDependencies: !files, upstream: upstream)
    }

    @Test func `cycles and pre-dependencies are followed, the result is sorted`() throws {
        let found = try resolve([wish("z")], ["s": "a 1 Depends=b (>= 1)\nb 1 Depends=a\nz 1 Pre-Depends=b\nunused 1"])
        #expect(found.packages == ["a 1", "b 1", "z 1"])
        #expect(found.problems.isEmpty)
    }

    @Test func `the newest version of the allowed suites wins, security included`() throws {
        let suites = ["s": "a 1.0-1\nb 2", "s-security": "a 1.0-1+deb13u1\nb 1", "other": "a 9"]
        let both = ["s", "s-security"]
        #expect(
            try resolve([wish("a", both), wish("b", both)], suites, base: both).packages == ["a 1.0-1+deb13u1", "b 2"])
    }

    @Test func `a dependency chooses the newest version that its relation allows`() throws {
        let suites = ["s": "a 1 Depends=b (<< 2)\nb 1", "t": "b 2"]
        #expect(try resolve([wish("a", ["s", "t"])], suites, base: ["s", "t"]).packages == ["a 1", "b 1"])
    }

    @Test func `an alternative that is chosen anyway is preferred, whatever the order`() throws {
        let suites = ["s": "a 1 Depends=x | y\nb 1 Depends=c\nc 1 Depends=y\nx 1\ny 1"]
        for wishes in [["a", "b"], ["b", "a"]] {
            #expect(try resolve(wishes.map { wish($0) }, suites).packages == ["a 1", "b 1", "c 1", "y 1"])
        }
        #expect(try resolve([wish("a")], suites).packages == ["a 1", "x 1"])
    }

    @Test func `the first available alternative is chosen`() throws {
        let suites = ["s": "a 1 Depends=gone | x (>= 2) | y\nx 1\ny 1"]
        #expect(try resolve([wish("a")], suites).packages == ["a 1", "y 1"])
    }

    @Test func `a virtual package is met by a chosen provider, a real package, a required one, or the first by name`()
        throws
    {
        let providers = "m1 1 Provides=v\nm2 1 Provides=v;Priority=required\nm0 1 Provides=v"
        let user = "a 1 Depends=v"
        #expect(try resolve([wish("a"), wish("m1")], ["s": "\(user)\n\(providers)"]).packages == ["a 1", "m1 1"])
        #expect(try resolve([wish("a")], ["s": "\(user)\n\(providers)\nv 1"]).packages == ["a 1", "v 1"])
        #expect(try resolve([wish("a")], ["s": "\(user)\n\(providers)"]).packages == ["a 1", "m2 1"])
        #expect(
            try resolve([wish("a")], ["s": "\(user)\nm1 1 Provides=v\nm0 1 Provides=v"]).packages == ["a 1", "m0 1"])
    }

    @Test func `a virtual package waits until the packages chosen anyway are known`() throws {
        let suites = [
            "s": "a 1 Depends=v, b\nb 1 Depends=c\nc 1 Depends=zz\nzz 1 Provides=v\nm 1 Provides=v;Priority=required"
        ]
        #expect(try resolve([wish("a")], suites).packages == ["a 1", "b 1", "c 1", "zz 1"])
    }

    @Test func `a versioned relation needs a versioned Provides`() throws {
        let suites = ["s": "a 1 Depends=v (>= 2)\nm 1 Provides=v\nn 1 Provides=v (= 1)\no 1 Provides=v (= 2)"]
        #expect(try resolve([wish("a")], suites).packages == ["a 1", "o 1"])
    }

    @Test func `files alone bring no dependencies`() throws {
        let suites = ["s": "a 1 Depends=b, gone\nb 1"]
        let found = try resolve([wish("a", files: true)], suites)
        #expect(found.packages == ["a 1"] && found.problems.isEmpty)
    }

    @Test func `dependencies come from the base's suites, and from the package's own only if those cannot meet them`()
        throws
    {
        let suites = [
            "s": "lib 1\nnew 5",
            "old": "a 1 Depends=lib, other, new (<< 3)\nlib 9\nother 1 Depends=deep\ndeep 1\nnew 2",
        ]
        let found = try resolve([wish("a", ["old"])], suites)
        #expect(found.packages == ["a 1", "deep 1", "lib 1", "new 2", "other 1"])
    }

    @Test func `all problems are reported, with the chain that leads to each`() throws {
        let suites = ["s": "a 1 Depends=b\nb 1 Depends=libfoo (>= 2), gone, w (>= 3)\nlibfoo 1.0\nm 1 Provides=w (= 1)"]
        let found = try resolve([wish("a"), wish("lifoo"), wish("zzzzzz")], suites)
        #expect(
            found.problems == [
                "no package 'lifoo' in s; did you mean 'libfoo'?", "no package 'zzzzzz' in s",
                "a → b → libfoo (>= 2): suite s has libfoo 1.0", "a → b → gone: no package 'gone' in s",
                "a → b → w (>= 3): m 1 of s provides w, but not in that version",
            ])
    }

    @Test func `a bundled version must be in the suite`() throws {
        let suites = ["bookworm": "etcd-server 3.4.23-4+b4"]
        let found = try resolve([wish("etcd-server", ["bookworm"], files: true, upstream: "3.5.17")], suites)
        #expect(found.problems == ["etcd-server 3.5.17 is not in bookworm: it has 3.4.23-4+b4"])
        #expect(
            try resolve([wish("etcd-server", ["bookworm"], files: true, upstream: "3.4.23")], suites).packages
                == ["etcd-server 3.4.23-4+b4"])
    }

    @Test(arguments: ["Conflicts=b", "Breaks=b (<< 2)", "Conflicts=v", "Breaks=v"])
    func `packages that rule each other out are reported`(field: String) throws {
        let found = try resolve([wish("a"), wish("c")], ["s": "a 1 \(field)\nb 1 Provides=v\nc 1 Depends=b"])
        #expect(found.problems.count == 1)
        #expect(found.problems.first?.hasPrefix("a 1 rules out ") == true)
        #expect(found.problems.first?.contains("c → b 1 is needed as well") == true)
    }

    @Test(arguments: [
        "Breaks=b (<< 1)", "Conflicts=a", "Conflicts=v (= 1)", "Conflicts=b:i386", "Provides=v; Conflicts=v, x",
    ])
    func `a field that does not concern a chosen package rules nothing out`(field: String) throws {
        let provides = field.hasPrefix("Provides") ? "" : " Provides=v"
        #expect(try resolve([wish("a"), wish("b")], ["s": "a 1 \(field)\nb 1\(provides)"]).problems.isEmpty)
    }

    @Test func `a package requested in two versions is reported`() throws {
        let found = try resolve([wish("a"), wish("a", ["t"])], ["s": "a 1", "t": "a 2"])
        #expect(found.problems == ["a is requested twice: a 1 of s and a 2 of t"])
    }

    @Test func `a dependency on another architecture is reported as unmet`() throws {
        #expect(
            try resolve([wish("a")], ["s": "a 1 Depends=b:i386\nb 1"]).problems
                == ["a → b:i386: it is of another architecture"])
    }
}
