import OCIRegistry
import Testing

@Suite struct ImageReferenceTests {
    private static let sha256 = "sha256:" + String(repeating: "a", count: 64)
    private static let sha512 = "sha512:" + String(repeating: "0", count: 128)

    @Test(arguments: [
        ("busybox", "docker.io/library/busybox", "latest"),
        ("busybox:1.36", "docker.io/library/busybox:1.36", "1.36"),
        ("user/app", "docker.io/user/app", "latest"),
        ("docker.io/busybox", "docker.io/library/busybox", "latest"),
        ("index.docker.io/user/app:x", "docker.io/user/app:x", "x"),
        ("ghcr.io/a/b/c:v1", "ghcr.io/a/b/c:v1", "v1"),
        ("localhost/app", "localhost/app", "latest"),
        ("localhost:5000/app:1", "localhost:5000/app:1", "1"),
        ("127.0.0.1:5000/test/etcd", "127.0.0.1:5000/test/etcd", "latest"),
        ("[::1]:5000/app", "[::1]:5000/app", "latest"),
        ("REGISTRY.Example/app", "registry.example/app", "latest"),
        ("host.example/a__b/c--d/e.f_g", "host.example/a__b/c--d/e.f_g", "latest"),
    ])
    func `a name is expanded to its full form`(text: String, full: String, name: String) throws {
        let reference = try ImageReference(text)
        #expect(reference.description == full)
        #expect(reference.name == name)
        #expect(try ImageReference(full) == reference)
    }

    @Test func `a digest takes precedence over the tag beside it`() throws {
        for digest in [Self.sha256, Self.sha512] {
            let reference = try ImageReference("ghcr.io/a/b:v1@\(digest)")
            #expect(reference.tag == "v1")
            #expect(reference.digest == digest)
            #expect(reference.name == digest)
            #expect(try ImageReference(reference.description) == reference)
        }
    }

    @Test(arguments: [
        ("", "empty"), ("https://ghcr.io/a", "scheme"), ("ghcr.io/A/b", "upper-case"), ("Busybox", "upper-case"),
        ("ghcr.io/", "empty part"), ("ghcr.io//a", "empty part"), ("a/", "empty part"), ("a:", "not a tag"),
        ("a:.x", "not a tag"), ("a:x y", "not a tag"), ("a@sha256:12", "digest"), ("a@md5:12", "digest"),
        ("a@", "digest"),
        ("a/b___c", "part"), ("a/-b", "part"), ("a/b-", "part"), ("a/b..c", "part"), ("a b", "part"),
        ("a\u{1b}b", "part"),
        ("ghcr.io:0/a", "port"), ("ghcr.io:99999/a", "port"), ("ghcr.io:x/a", "port"), ("gh_cr.io/a", "host"),
        ("-x.io/a", "host"), ("[::1/a", "IPv6"), ("[xyz]/a", "IPv6"), ("é.io/a", "host"),
    ])
    func `the error names what is wrong`(text: String, reason: String) throws {
        let error = try #require(throws: OCIRegistryError.self) { try ImageReference(text) }
        #expect(error.code == .invalidReference)
        #expect(error.message.contains(reason), "\(error.message)")
        #expect(!error.message.contains("\u{1b}"))
    }

    @Test func `the length of names is limited`() throws {
        let part = String(repeating: "a", count: 100)
        #expect(throws: Never.self) { try ImageReference("h.io/\(part)/\(part)") }
        #expect(throws: OCIRegistryError.self) { try ImageReference("h.io/\(part)/\(part)/\(part)") }
        #expect(throws: Never.self) { try ImageReference("a:" + String(repeating: "t", count: 128)) }
        #expect(throws: OCIRegistryError.self) { try ImageReference("a:" + String(repeating: "t", count: 129)) }
        #expect(throws: OCIRegistryError.self) { try ImageReference(String(repeating: "a", count: 100_000)) }
    }

    @Test func `loopback hosts and Docker Hub's server are known`() throws {
        for host in ["localhost", "localhost:5000", "127.0.0.1:5000", "127.1.2.3", "[::1]:1"] {
            #expect(try RegistryHost(host).isLoopback)
        }
        for host in ["docker.io", "local.example", "10.0.0.1", "128.0.0.1"] {
            #expect(try RegistryHost(host).isLoopback == false)
        }
        #expect(RegistryHost.dockerHub.server == "registry-1.docker.io")
        for (text, reason) in [("https://ghcr.io", "it has a scheme"), ("ghcr.io/me", "it has a path")] {
            let refusal = #expect(throws: OCIRegistryError.self) { try RegistryHost(text) }
            #expect(refusal?.message.hasSuffix(reason) == true, "\(text)")
        }
        #expect(try RegistryHost("ghcr.io:443").server == "ghcr.io:443")
    }
}
