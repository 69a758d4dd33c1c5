import OCIModel
import Testing

@Suite struct VersionNumberTests {
    @Test func `versions are ordered by number, with pre-releases first`() throws {
        let ascending = [
            "3.4.9", "3.4.23", "3.5.0-alpha.1", "3.5.0-alpha.2", "3.5.0-alpha.10", "3.5.0-alpha.beta", "3.5.0-rc",
            "3.5.0-rc.1", "3.5.0", "3.5.16", "3.10.0", "12",
        ]
        let parsed = try ascending.map { try #require(VersionNumber($0)) }
        for (index, version) in parsed.enumerated() {
            for later in parsed[(index + 1)...] { #expect(version < later && !(later < version)) }
        }
        #expect(VersionNumber("3.5") == VersionNumber("3.5.0"))
    }

    @Test(arguments: [
        "", "v3.5.1", "3..5", "3.5.", "1.2.3.4.5.6", "3.5.x", "3.5.1-", "3.5.1-a..b", "3.5.1+x", "9999999999999", "３.5",
    ])
    func `anything but a version is refused`(text: String) {
        #expect(VersionNumber(text) == nil)
    }

    @Test(arguments: [
        ("etcd Version: 3.5.16\nGit SHA: x\nGo Version: go1.24.0\nGo OS/Arch: linux/amd64\n", "3.5.16"),
        ("2026-11-20 23:32:00.208487 W | etcdmain: etcd on unsupported platform\netcd Version: 3.4.23\n", "3.4.23"),
        ("etcdctl version: 3.4.23\nAPI version: 3.4\n", "3.4.23"),
        ("tool, v1.2.3-rc.1, built", "1.2.3-rc.1"), ("Error: unknown flag: --version\n", nil), ("", nil),
    ])
    func `a program's output is searched for the first complete version`(output: String, version: String?) {
        #expect(VersionNumber.first(in: output)?.description == version)
    }

    @Test func `a release has its numbers and no suffix`() throws {
        #expect(try #require(VersionNumber("3.5")).isRelease(minimumParts: 2))
        #expect(try #require(VersionNumber("3")).isRelease(minimumParts: 2) == false)
        #expect(try #require(VersionNumber("3.5.0-rc.1")).isRelease(minimumParts: 2) == false)
        #expect(VersionNumber.isAscending("3.9", "3.10") && !VersionNumber.isAscending("3.10", "3.9"))
        #expect(!VersionNumber.isAscending("3.5", "3.5.0") && !VersionNumber.isAscending("0", "x"))
    }
}
