import ImageAssembly
import ImageDefinition
import LayerArchive
import OCIModel
import Testing

@Suite struct ScannerDataTests {
    private func failures(_ change: (inout FileTree) throws -> Void) async throws -> [String] {
        var fixture = try GateFixture()
        fixture.definition.platforms = [GateFixture.amd64]
        try fixture.change(0, change)
        return try await fixture.failures()
    }

    @Test func `an image without debian_version is refused`() async throws {
        let found = try await failures { $0[try EntryPath("/etc/debian_version")] = nil }
        #expect(found == ["linux/amd64 /etc/debian_version: is missing (scanner-data)"])
    }

    @Test func `os-release must resolve and name Debian`() async throws {
        let other = try await failures { try $0.add(file: "/usr/lib/os-release", Array("ID=debianish\n".utf8)) }
        #expect(other == ["linux/amd64 /etc/os-release: does not say ID=debian (scanner-data)"])
        let broken = try await failures { $0[try EntryPath("/usr/lib/os-release")] = nil }
        #expect(broken == ["linux/amd64 /etc/os-release: is missing (scanner-data)"])
    }

    @Test(arguments: [
        ("Package: a\nVersion: 1\nArchitecture: all", "does not end in a newline"),
        ("Package: a\nArchitecture: all\n", "lacks the field 'version'"),
        ("Package: a\nVersion: 1\nArchitecture: all\nversion: 2\n", "has the field 'version' twice"),
        ("Package: a\nVersion: 1\nArchitecture: all\nnonsense\n", "has the line 'nonsense', which is not a field"),
        ("", "does not end in a newline"),
    ])
    func `a package record that a scanner would misread is refused`(text: String, message: String) async throws {
        let found = try await failures { try $0.add(file: "/var/lib/dpkg/status.d/dash", Array(text.utf8)) }
        #expect(found == ["linux/amd64 /var/lib/dpkg/status.d/dash: \(message) (scanner-data)"])
    }

    @Test(arguments: [
        ("00000000000000000000000000000000 usr/bin/dash\n", "line 1 is not a checksum, two spaces and a path"),
        (
            "00000000000000000000000000000000  a\n\n00000000000000000000000000000000  b\n",
            "line 2 is not a checksum, two spaces and a path"
        ),
        ("00000000000000000000000000000000  a", "does not end in a newline"),
    ])
    func `checksum lines need two spaces`(text: String, message: String) async throws {
        let found = try await failures { try $0.add(file: "/var/lib/dpkg/status.d/dash.md5sums", Array(text.utf8)) }
        #expect(found == ["linux/amd64 /var/lib/dpkg/status.d/dash.md5sums: \(message) (scanner-data)"])
    }

    @Test func `an image of Debian packages without any record is refused`() async throws {
        let found = try await failures {
            for name in ["dash", "dash.md5sums"] { $0[try EntryPath("/var/lib/dpkg/status.d/\(name)")] = nil }
        }
        #expect(found.count == 1 && found[0].hasPrefix("linux/amd64 /var/lib/dpkg/status.d: "))
    }

    @Test func `an image without Debian packages needs no scanner data`() async throws {
        var fixture = try GateFixture()
        fixture.definition.debian = nil
        try fixture.change(0) { $0[try EntryPath("/etc/debian_version")] = nil }
        #expect(try await fixture.failures() == [])
    }
}
