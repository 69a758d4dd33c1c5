import ImageAssembly
import ImageDefinition
import LayerArchive
import OCIModel
import Testing

@Suite struct `The audit of maintainer scripts` {
    @Test func `all unknown and changed scripts are named in one error`() throws {
        let known = try package("known", scripts: ["postinst": "true"], [])
        let changed = try package("changed", version: "2:3.4-5", scripts: ["postinst": "new"], [])
        let unknown = try package("unknown", scripts: ["preinst": "first", "postinst": "second"], [])
        var root = root(of: [known])
        root.scripts.packages["changed"] = [
            .postinst: .init(sha256: [Digest(of: Array("old".utf8))], why: "a test", effects: [])
        ]
        let error = try refusal { try root.build([unknown, known, changed]) }
        #expect(error?.code == .unknownScript)
        let sha = { (text: String) in Digest(of: Array(text.utf8)).hex }
        #expect(
            error?.message == """
                cannot install packages whose maintainer scripts are not known:
                  changed 2:3.4-5 (amd64): postinst with sha256 \(sha("new")) is changed since it was audited
                  unknown 1.0-1 (amd64): preinst with sha256 \(sha("first")) is not audited
                  unknown 1.0-1 (amd64): postinst with sha256 \(sha("second")) is not audited
                """)
        #expect(error?.hint?.contains("maintainer-scripts.yaml") == true)
    }

    @Test func `a script may have any of its declared digests`() throws {
        let packages = [try package("one", scripts: ["postinst": "b"], [])]
        var root = root(of: [])
        root.scripts.packages["one"] = [
            .postinst: .init(
                sha256: [Digest(of: Array("a".utf8)), Digest(of: Array("b".utf8))], why: "a test",
                effects: [.link(try EntryPath("etc/done"), target: "yes")])
        ]
        #expect(try root.build(packages).target("etc/done") == "yes")
    }

    @Test func `effects of a script that the package does not have are not applied`() throws {
        var root = root(of: [])
        root.scripts.packages["one"] = [
            .preinst: .init(sha256: [], why: "a test", effects: [.link(try EntryPath("etc/done"), target: "yes")])
        ]
        #expect(try root.build([package("one", [])]).entry("etc/done") == nil)
    }

    @Test func `scripts that act on removal or only ask questions need no audit`() throws {
        let packages = [try package("one", scripts: ["prerm": "a", "postrm": "b", "config": "c"], [])]
        #expect(try root(of: []).build(packages).entry("var/lib/dpkg/status.d/one") != nil)
    }
}
