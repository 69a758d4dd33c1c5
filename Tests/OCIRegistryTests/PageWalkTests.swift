import Testing

@testable import OCIRegistry

@Suite struct PageWalkTests {
    private func next(_ link: String, host: String = "h.io:5000") throws -> String? {
        var walk = PageWalk(from: "/v2/n/tags/list?n=2", host: host, limit: 3)
        return try walk.advance([link]) ? walk.page : nil
    }

    @Test(arguments: [
        (#"</v2/x?a=1,2;b>; rel="next""#, "/v2/x?a=1,2;b"),
        (#"</one>; title="a, b; rel=next"; rel="prev", </two>; rel="next""#, "/two"),
        (#"</v2/x>; rel=NEXT"#, "/v2/x"), ("<http://h.io:5000/v2/x>; rel=next", "/v2/x"),
        ("<//H.io:5000?last=b>; rel=next", "/?last=b"),
    ])
    func `a link is parsed according to RFC 8288`(link: String, page: String) throws {
        #expect(try next(link) == page)
    }

    @Test func `a link may contain the scheme's default port, and Docker Hub's other name`() throws {
        #expect(try next("<https://h.io:443/x>; rel=next", host: "h.io") == "/x")
        #expect(try next("<http://h.io:80/x>; rel=next", host: "h.io") == "/x")
        #expect(try next("<https://registry-1.docker.io/x>; rel=next", host: "docker.io") == "/x")
        for link in ["http://h.io:443/x", "https://h.io:80/x", "https://registry-1.docker.io/x", "//h.io.evil/x"] {
            #expect(throws: OCIRegistryError.self) { try next("<\(link)>; rel=next", host: "h.io") }
        }
    }

    @Test(arguments: ["</a b>; rel=next", "</a\r\nX: y>; rel=next", "<>; rel=next", "</x>", "</x>; rel"])
    func `an address that cannot be a request's target is not a link`(link: String) throws {
        #expect(try next(link) == nil)
    }

    @Test func `the number of a listing's pages is limited`() throws {
        var walk = PageWalk(from: "/0", host: "h.io", limit: 3)
        #expect(try walk.advance(["</1>; rel=next"]) && walk.advance(["</2>; rel=next"]))
        #expect(throws: OCIRegistryError.self) { try walk.advance(["</3>; rel=next"]) }
    }
}
