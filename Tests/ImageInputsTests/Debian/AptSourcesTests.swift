import HTTPTransfer
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

    @Test func `a mirror may have any path, and its suites say which archive it is`() {
        let found = sources(
            "a.sources",
            """
            Types: deb
            URIs: https://repo.example/artifactory/debian-remote
            Suites: trixie trixie-updates
            Components: main
            Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

            Types: deb
            URIs: https://repo.example/artifactory/sec
            Suites: trixie-security
            Components: main
            """)
        #expect(found.debian == ["https://repo.example/artifactory/debian-remote"])
        #expect(found.debianSecurity == ["https://repo.example/artifactory/sec"])
        #expect(
            sources("a.list", "deb http://m.example/x trixie main\ndeb http://m.example/debian sid main").debian == [
                "http://m.example/debian", "http://m.example/x",
            ])
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

@Suite struct AptConfigurationTests {
    @Test(arguments: [
        #"Acquire::http::Proxy "http://p:3128";"#, #"Acquire { http { Proxy "http://p:3128"; }; };"#,
        "// why\nacquire::HTTP::proxy \"http://p:3128/\"; /* x; */ # y",
        #"Acquire::http { Proxy "http://p:3128"; Proxy::direct.example "DIRECT"; };"#,
    ])
    func `apt's proxy is found in every form`(_ text: String) {
        let found = AptConfiguration([text]).proxyVariables
        #expect(found["HTTP_PROXY"]?.hasPrefix("http://p:3128") == true && found["HTTPS_PROXY"] == nil)
        #expect(found["NO_PROXY"] == (text.contains("direct.example") ? "direct.example" : nil))
    }

    @Test(arguments: [
        "", "}}};;", "Acquire::http::Proxy \"DIRECT\";", "Acquire::http::Proxy", "{{{{{{{{{{{{{{{{{{{{{{",
    ])
    func `nothing is made of nothing`(_ text: String) {
        #expect(AptConfiguration([text]).proxyVariables.isEmpty)
    }

    @Test func `a later file replaces an earlier one`() {
        let files = [#"Acquire::https::Proxy "http://a:1";"#, #"Acquire::https::Proxy "http://b:2";"#]
        #expect(AptConfiguration(files).proxyVariables == ["HTTPS_PROXY": "http://b:2"])
    }
}

@Suite struct AptLoginsTests {
    private static let text = """
        # mirrors
        machine http://plain.example:8080/debian login user password pa:ss@1
        machine secure.example
          login other
          password word

        """

    @Test(
        arguments: [
            ("http://plain.example:8080/debian", "user:pa:ss@1"),
            ("http://plain.example:8080/debian/dists", "user:pa:ss@1"),
            ("https://secure.example/x", "other:word"), ("https://secure.example:444/x", "other:word"),
            ("http://plain.example/debian", nil), ("http://plain.example:8080/debian2", nil),
            ("http://secure.example/x", nil),
            ("https://plain.example:8080/debian", nil), ("https://own:self@secure.example/", "own:self"),
        ] as [(String, String?)])
    func `a login is for the machine, port and path that it names`(_ address: String, _ expected: String?) throws {
        let credentials = AptLogins([Self.text]).applied(to: try HTTPAddress(address)).credentials
        #expect(credentials.map { "\($0.user):\($0.password)" } == expected)
    }

    @Test func `mirrors get their logins`() throws {
        let mirrors = try DebianMirrors(
            explicit: nil, aptSources: [.debian: ["http://plain.example:8080/debian"]], logins: AptLogins([Self.text]))
        let first = try #require(try mirrors.candidates(for: "dists/x", in: .debian).first)
        #expect(first.credentials?.user == "user")
    }
}
