import OCIModel
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
        #expect(reference.name.description == name)
        #expect(try ImageReference(full) == reference)
    }

    @Test func `a digest takes precedence over the tag beside it`() throws {
        for digest in [Self.sha256, Self.sha512] {
            let reference = try ImageReference("ghcr.io/a/b:v1@\(digest)")
            #expect(reference.tag?.description == "v1")
            #expect(reference.digest?.description == digest)
            #expect(reference.name.description == digest)
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
        let error = try #require(throws: OCIModelError.self) { try ImageReference(text) }
        #expect(error.code == .invalidReference)
        #expect(error.message.contains(reason), "\(error.message)")
        #expect(!error.message.contains("\u{1b}"))
    }

    @Test func `the length of names is limited`() throws {
        let part = String(repeating: "a", count: 100)
        #expect(throws: Never.self) { try ImageReference("h.io/\(part)/\(part)") }
        #expect(throws: OCIModelError.self) { try ImageReference("h.io/\(part)/\(part)/\(part)") }
        #expect(throws: Never.self) { try ImageReference("a:" + String(repeating: "t", count: 128)) }
        #expect(throws: OCIModelError.self) { try ImageReference("a:" + String(repeating: "t", count: 129)) }
        #expect(throws: OCIModelError.self) { try ImageReference(String(repeating: "a", count: 100_000)) }
    }

    @Test func `a host is neither a scheme nor a path`() {
        for (text, reason) in [("https://ghcr.io", "it has a scheme"), ("ghcr.io/me", "it has a path")] {
            let refusal = #expect(throws: OCIModelError.self) { try RegistryHost(text) }
            #expect(refusal?.message.hasSuffix(reason) == true, "\(text)")
        }
    }

    @Test(arguments: [
        ("::", true), ("::1", true), ("1::", true), ("1:2:3:4:5:6:7:8", true), ("::ffff:127.0.0.1", true),
        ("1:2:3:4:5:6:7::", true), ("fe80::1", true), ("1:2:3", false), ("1:2:3:4:5:6:7:8:9", false), (":::", false),
        ("1::2::3", false), ("12345::", false), ("::1.2.3", false), ("::1.2.3.256", false), ("1.2.3.4::", false),
        ("::g", false), ("", false), ("fe80::1%eth0", false), ("::01.2.3.4", false),
    ])
    func `brackets hold an IPv6 address`(address: String, isOne: Bool) {
        #expect(((try? RegistryHost("[\(address)]:5000")) != nil) == isOne)
    }

    @Test(arguments: ["a", "a-b", "a--b", "a__b", "a_b", "a.b", "a/b/c", "0", String(repeating: "a", count: 255)])
    func `a repository's name within the grammar is taken`(name: String) throws {
        #expect(try RepositoryName(name).description == name)
    }

    @Test(arguments: [".a", "-a", "", "a/b", "a b", "ä", String(repeating: "a", count: 129)])
    func `a tag outside the grammar is refused`(tag: String) { #expect(Tag(tag) == nil) }

    @Test func `the tag of a list of referrers has the first 64 digits`() throws {
        for digest in [Self.sha256, Self.sha512] {
            let tag = Tag.referrers(of: try Digest(digest))
            #expect(tag.description == digest.prefix(71).replacing(":", with: "-") && tag.isReferrersList)
        }
        #expect(Tag("sha256-12")?.isReferrersList == false && Tag.latest.isReferrersList == false)
    }
}
