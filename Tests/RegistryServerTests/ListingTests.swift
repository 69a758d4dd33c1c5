import NIOHTTP1
import OCIModel
import RegistryServer
import RegistryTesting
import TestSupport
import Testing

@Suite struct ListingTests {
    private struct Tags: Decodable { var tags: [String] }
    private struct Referrers: Decodable {
        struct Entry: Decodable, Equatable {
            var digest: String
            var size: Int
            var artifactType: String?
            var annotations: [String: String]?
        }
        var mediaType: String
        var manifests: [Entry]
    }

    /// Returns the target of a `Link` header to the next page.
    private func next(_ answer: RegistryClient.Answer) throws -> String? {
        guard let link = answer["Link"] else { return nil }
        #expect(link.hasSuffix(">; rel=\"next\""))
        return String(link.dropFirst().prefix { $0 != ">" })
    }

    private func tags(_ answer: RegistryClient.Answer) throws -> [String] {
        try CanonicalJSON.decode(Tags.self, from: answer.body).tags
    }

    @Test func `tags are listed in byte order, page by page, each once`() async throws {
        try await TestRegistry.run { registry in
            let client = RegistryClient(registry)
            let names = ["B", "_c", "a", "a-1", "a.1", "z10", "z9"]
            for name in names.shuffled() { _ = try await client.put(RegistryClient.smallest, as: name) }
            #expect(try tags(await client.send(.GET, "/v2/a/b/tags/list")) == names)
            var (found, path) = ([[String]](), Optional("/v2/a/b/tags/list?n=3"))
            while let current = path {
                let answer = try await client.send(.GET, current)
                found.append(try tags(answer))
                path = try next(answer)
            }
            #expect(found == [["B", "_c", "a"], ["a-1", "a.1", "z10"], ["z9"]])
            #expect(try tags(await client.send(.GET, "/v2/a/b/tags/list?last=a.0")) == ["a.1", "z10", "z9"])
            #expect(try tags(await client.send(.GET, "/v2/a/b/tags/list?n=0")).isEmpty)
            for n in ["-1", "x"] {
                #expect(try await client.send(.GET, "/v2/a/b/tags/list?n=\(n)").errors == ["PAGINATION_NUMBER_INVALID"])
            }
            #expect(try await client.send(.GET, "/v2/nothing/tags/list").errors == ["NAME_UNKNOWN"])
        }
    }

    @Test func `the catalog lists the repositories with manifests`() async throws {
        try await TestRegistry.run { registry in
            let client = RegistryClient(registry)
            for name in ["b", "a/b/c", "a"] { _ = try await client.put(RegistryClient.smallest, as: "1", in: name) }
            #expect(try await client.send(.GET, "/v2/_catalog").text == #"{"repositories":["a","a/b/c","b"]}"#)
            let page = try await client.send(.GET, "/v2/_catalog?n=2")
            #expect(try next(page) == "/v2/_catalog?n=2&last=a%2Fb%2Fc")
        }
    }

    @Test func `referrers with long annotations come on pages that are not long`() async throws {
        try await TestRegistry.run { registry in
            let client = RegistryClient(registry)
            let (subject, empty) = (Digest(of: noise(10)), Digest(of: Array("{}".utf8)))
            try await client.push(Array("{}".utf8))
            let type = MediaType.manifest.rawValue
            for number in 0..<10 {
                let text = String(repeating: "x", count: 1 << 20)
                let manifest = #"""
                    {"schemaVersion":2,"config":{"mediaType":"a/b\#(number % 2)","digest":"\#(empty)","size":2},"layers":[],
                    "subject":{"mediaType":"\#(type)","digest":"\#(subject)","size":5},
                    "annotations":{"a":"\#(number)\#(text)"}}
                    """#
                #expect(try await client.put(Array(manifest.utf8), as: "t\(number)").status == 201)
            }
            for (query, expected) in [("", 10), ("?artifactType=a%2Fb1", 5)] {
                var next: String? = "/v2/a/b/referrers/\(subject)\(query)"
                var found: Set<Digest> = []
                var pages = 0
                while let path = next {
                    let answer = try await client.send(.GET, path)
                    #expect(answer.status == 200 && answer.body.count < 4 << 20)
                    found.formUnion(try CanonicalJSON.decode(Index.self, from: answer.body).manifests.map(\.digest))
                    next = answer["Link"].map { String($0.dropFirst().prefix { $0 != ">" }) }
                    pages += 1
                }
                #expect(found.count == expected && pages > 1, "\(query)")
            }
        }
    }

    @Test func `referrers are listed, filtered and paged, whether or not their subject exists`() async throws {
        try await TestRegistry.run { registry in
            let client = RegistryClient(registry)
            let subject = Digest(of: Array("no such manifest".utf8))
            let path = "/v2/a/b/referrers/\(subject)"
            func entries(_ query: String = "") async throws -> (RegistryClient.Answer, [Referrers.Entry]) {
                let answer = try await client.send(.GET, path + query)
                #expect(answer.status == 200 && answer["Content-Type"] == MediaType.index.rawValue)
                return (answer, try CanonicalJSON.decode(Referrers.self, from: answer.body).manifests)
            }
            #expect(try await entries().1.isEmpty)
            let one = try await client.pushImage("1", subject: subject, artifactType: "application/one")
            let two = try await client.pushImage("2", subject: subject)
            let (all, found) = try await entries()
            #expect(
                Set(found.map(\.digest)) == [one.description, two.description] && all["OCI-Filters-Applied"] == nil)
            let byDigest = Dictionary(uniqueKeysWithValues: found.map { ($0.digest, $0) })
            #expect(byDigest[one.description]?.artifactType == "application/one")
            #expect(byDigest[one.description]?.annotations == ["made": "by a test"])
            // A referrer without a type of its own has its configuration's.
            #expect(byDigest[two.description]?.artifactType == "application/vnd.oci.empty.v1+json")
            let (filtered, ones) = try await entries("?artifactType=application%2Fone")
            #expect(ones.map(\.digest) == [one.description] && filtered["OCI-Filters-Applied"] == "artifactType")
            let (first, page) = try await entries("?n=1")
            let rest = try #require(try next(first)).dropFirst(path.count)
            #expect(try await Set(page.map(\.digest) + entries(String(rest)).1.map(\.digest)).count == 2)
            #expect(try await client.send(.DELETE, "/v2/a/b/manifests/\(one)").status == 202)
            #expect(try await entries().1.map(\.digest) == [two.description])
        }
    }

    @Test func `a manifest with a subject is acknowledged`() async throws {
        try await TestRegistry.run { registry in
            let subject = Digest(of: [])
            let manifest = #"{"layers":[],"subject":{"digest":"\#(subject)","size":0}}"#
            let answer = try await RegistryClient(registry).put(Array(manifest.utf8), as: "1")
            #expect(answer.status == 201 && answer["OCI-Subject"] == subject.description)
        }
    }
}
