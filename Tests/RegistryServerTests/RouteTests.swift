import OCIModel
import RegistryServer
import Testing

@Suite struct RouteTests {
    private static let digest = "sha256:" + String(repeating: "a", count: 64)

    @Test func `repository names may contain the protocol's own words`() throws {
        let name = try RepositoryName("blobs/uploads/manifests")
        let digest = try Digest(Self.digest)
        #expect(try Route(path: "/v2/\(name)/blobs/\(digest)") == .blob(name, digest))
        #expect(try Route(path: "/v2/\(name)/blobs/uploads/") == .uploads(name))
        #expect(try Route(path: "/v2/\(name)/blobs/uploads") == .uploads(name))
        #expect(try Route(path: "/v2/\(name)/blobs/uploads/id") == .upload(name, "id"))
        #expect(try Route(path: "/v2/\(name)/tags/list") == .tags(name))
        #expect(try Route(path: "/v2/\(name)/referrers/sha256%3A\(digest.hex)") == .referrers(name, digest))
    }

    @Test(arguments: [
        "/v2/../etc/tags/list", "/v2/a//b/tags/list", "/v2/A/tags/list", "/v2/a/./tags/list", "/v2/-a/tags/list",
        "/v2/a-/tags/list", "/v2/a___b/tags/list", "/v2/a._b/tags/list", "/v2/%2e%2e/tags/list", "/v2/_blobs/tags/list",
        "/v2/a%2fb%00/tags/list", "/v2/\(String(repeating: "a", count: 256))/tags/list",
    ])
    func `a repository name that does not match the grammar is refused`(path: String) {
        #expect(throws: RegistryServerError.self) { try Route(path: path) }
    }
}
