import ImageInputs
import Testing

struct AptSourcesTests {
    private func sources(_ name: String, _ text: String) -> AptSources {
        AptSources([AptSources.File(name: name, text: text)])
    }

    @Test func `the sources of a fresh machine contain both archives`() {
        let found = sources(
            "debian.sources",
            """
            Types: deb
            # a comment inside
            URIs: http://ftp.debian.org/debian
            Suites: bookworm bookworm-updates
            Components: main
            Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
            \t
            Types: deb
            URIs: http://ftp.debian.org/debian-security/
            Suites: bookworm-security
            Components: main
            """)
        #expect(found.debian == ["http://ftp.debian.org/debian"])
        #expect(found.debianSecurity == ["http://ftp.debian.org/debian-security"])
    }

    @Test func `one-line entries with options and comments are read`() {
        let found = sources(
            "sources.list",
            """
            # deb http://commented.example/debian trixie main
            deb [arch=amd64 signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] https://mirror.example/debian/ trixie main contrib # why
            deb-src http://source.example/debian trixie main
            deb\thttp://security.debian.org/debian-security  trixie-security\tmain
            deb http://odd.example/debian
            deb [open http://odd.example/debian trixie main
            """)
        #expect(found.debian == ["https://mirror.example/debian"])
        #expect(found.debianSecurity == ["http://security.debian.org/debian-security"])
    }

    @Test(arguments: [
        "deb https://download.docker.com/linux/debian bookworm stable",
        "deb [signed-by=/etc/apt/keyrings/vendor.gpg] https://repo.vendor.example/1.0/debian bookworm main",
        "deb https://packages.cloud.google.com/apt cloud-sdk-bookworm main",
        "deb http://vendor.example/debian vendor-suite main",
        "deb cdrom:[Debian]/debian trixie main", "deb file:/srv/debian trixie main",
        "deb http://ubuntu.example/ubuntu noble main",
    ])
    func `third parties and other methods are ignored`(line: String) {
        #expect(sources("x.list", line) == AptSources([]))
    }

    @Test func `disabled entries, source entries and other files are ignored`() {
        let entry = "URIs: http://a.example/debian\nSuites: sid\nComponents: main\n"
        #expect(sources("a.sources", "Types: deb\nEnabled: no\n" + entry).debian.isEmpty)
        #expect(sources("a.sources", "Types: deb-src\n" + entry).debian.isEmpty)
        #expect(sources("a.sources.bak", "Types: deb\n" + entry).debian.isEmpty)
        #expect(
            sources("a.sources", "Types: deb deb-src\nEnabled: yes\n" + entry).debian == ["http://a.example/debian"])
    }

    @Test func `the likeliest mirrors come first, each once`() {
        let found = sources(
            "a.list",
            """
            deb http://deep.example/pub/debian trixie main
            deb http://plain.example/debian trixie main
            deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://signed.example/debian stable main
            deb http://plain.example/debian/ trixie-updates main
            """)
        #expect(
            found.debian == [
                "http://signed.example/debian", "http://plain.example/debian", "http://deep.example/pub/debian",
            ])
    }
}
