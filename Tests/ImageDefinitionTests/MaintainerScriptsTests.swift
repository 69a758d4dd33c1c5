import ConfigurationFile
import ImageDefinition
import OCIModel
import Testing

@Suite struct MaintainerScriptsTests {
    static let hex = String(repeating: "ab", count: 32)

    static func file(effects: String) -> String {
        "schema: 1\npackages:\n  base-files:\n    postinst:\n      sha256: [\(hex)]\n      why: It says so.\n      effects: \(effects)\n"
    }

    static func read(_ text: String) throws -> MaintainerScripts {
        try MaintainerScripts(parsing: Array(text.utf8), file: "maintainer-scripts.yaml")
    }

    @Test func `every effect is read`() throws {
        let effects = """
            - {copy: /usr/share/base-files/profile, to: /etc/profile}
            - {copy: /a, to: /b, mode: "0600"}
            - {directory: /mnt, mode: "0755", owner: root:root}
            - {directory: /var/mail, mode: "2775", owner: root:mail}
            - {file: /var/log/wtmp, content: "", mode: "0664", owner: root:utmp}
            - {file: /etc/a, content: "b\\n"}
            - {link: /var/run, target: /run}
            - {alternative: awk, link: /usr/bin/awk, target: /usr/bin/mawk}
            - {accounts: {passwd: /p, group: /g}}
            - {shadow: true}
            - {certificates: /usr/share/ca-certificates, bundle: /etc/ssl/certs/ca-certificates.crt}
            """.split(separator: "\n").map { "\n        " + $0 }.joined()
        let script = try Self.read(Self.file(effects: effects)).packages["base-files"]?[.postinst]
        func path(_ text: String) throws -> EntryPath { try EntryPath(text) }
        #expect(script?.sha256 == [try Digest(hex: Self.hex)])
        #expect(script?.why == "It says so.")
        #expect(
            script?.effects == [
                .copy(from: try path("/usr/share/base-files/profile"), to: try path("/etc/profile"), mode: nil),
                .copy(from: try path("/a"), to: try path("/b"), mode: 0o600),
                .directory(try path("/mnt"), mode: 0o755, user: "root", group: "root"),
                .directory(try path("/var/mail"), mode: 0o2775, user: "root", group: "mail"),
                .file(try path("/var/log/wtmp"), content: "", mode: 0o664, user: "root", group: "utmp"),
                .file(try path("/etc/a"), content: "b\n", mode: 0o644, user: "root", group: "root"),
                .link(try path("/var/run"), target: "/run"),
                .alternative(name: "awk", link: try path("/usr/bin/awk"), target: try path("/usr/bin/mawk")),
                .accounts(passwd: try path("/p"), group: try path("/g")), .shadow,
                .certificates(
                    from: try path("/usr/share/ca-certificates"), bundle: try path("/etc/ssl/certs/ca-certificates.crt")
                ),
            ])
    }

    @Test func `a script may have no effects`() throws {
        #expect(try Self.read(Self.file(effects: "[]")).packages["base-files"]?[.postinst]?.effects == [])
    }

    @Test(
        arguments: [
            (
                "[▶{cop: /a, to: /b}]", "unknown effect in 'packages.base-files.postinst.effects[0]'",
                "did you mean 'copy'?"
            ),
            ("[▶{link: /a}]", "the key 'target' is missing in 'packages.base-files.postinst.effects[0]'", nil),
            (
                "[{link: /a, target: b, ▶owner: root}]",
                "unknown key 'owner' in 'packages.base-files.postinst.effects[0]'",
                "known: link, target"
            ),
            (
                "[{copy: /a, to: ▶/../b}]", "bad path: '/../b' leaves the root filesystem through '..'",
                "write it from the image's root: /usr/local/bin"
            ),
            ("[{directory: /a, owner: ▶\"0\"}]", "'0' is not an owner", "an owner looks like root:utmp"),
            ("[{shadow: ▶false}]", "'shadow: false' has no effect", "remove it"),
            ("[▶text]", "'packages.base-files.postinst.effects[0]' must be a mapping, not text", nil),
        ] as [(String, String, String?)])
    func `an invalid effect is refused at its position`(effects: String, message: String, hint: String?) {
        let marked = Marked(Self.file(effects: effects))
        let error = #expect(throws: DefinitionErrors.self) {
            try MaintainerScripts(parsing: marked.bytes, file: "maintainer-scripts.yaml")
        }
        #expect(error?.diagnostics.map(\.message) == [message])
        #expect(error?.diagnostics.map(\.hint) == [hint])
        #expect(error?.diagnostics.compactMap(\.position) == marked.positions)
        #expect(error?.code == .invalidScripts)
    }

    @Test func `invalid digests, scripts and names are reported together`() {
        let text = """
            schema: 1
            packages:
              Base: {}
              dash: {postrm: {}}
              libc6:
                preinst: {sha256: [AB], why: "", effects: []}
            """
        let error = #expect(throws: DefinitionErrors.self) { try Self.read(text) }
        #expect(
            error?.diagnostics.map(\.message) == [
                "'Base' is not a Debian package name", "'packages.dash' has no script",
                "unknown key 'postrm' in 'packages.dash'", "'AB' is not 64 lower-case hexadecimal digits",
                "'' is not a reason",
            ])
    }
}
