import NIOHTTP1
import OCIModel
import RegistryServer
import RegistryTesting
import TestSupport
import Testing

/// Tests that the quirks behave like the registries after which they are named.
@Suite struct QuirkTests {
    private let blob = noise(3000)
    private var digest: Digest { Digest(of: blob) }

    private func patch(_ client: RegistryClient, _ location: String, _ range: Range<Int>) async throws
        -> RegistryClient.Answer
    {
        let header = ["Content-Range": "\(range.lowerBound)-\(range.upperBound - 1)"] as HTTPHeaders
        return try await client.send(.PATCH, location, header, body: Array(blob[range]))
    }

    @Test func `ECR: chunks are answered with 201, the range stops, and later chunks vanish`() async throws {
        try await TestRegistry.run(quirks: [.patchStatus(201), .patchRangeStops]) { registry in
            let client = RegistryClient(registry)
            let location = try await client.begin()
            let first = try await patch(client, location, 0..<1000)
            #expect(first.status == 201 && first["Range"] == "0-999")
            let second = try await patch(client, location, 1000..<2000)
            #expect((200..<300).contains(second.status) && second["Range"] == "0-999")
            #expect(try await client.send(.GET, location)["Range"] == "0-999")
        }
    }

    @Test func `GHCR: the second chunk silently replaces the first`() async throws {
        try await TestRegistry.run(quirks: [.secondPatchOverwrites]) { registry in
            let client = RegistryClient(registry)
            let location = try await client.begin()
            #expect(try await patch(client, location, 0..<1000)["Range"] == "0-999")
            let second = try await patch(client, location, 1000..<3000)
            #expect(second.status == 202 && second["Range"] == "0-2999" && second["Location"] == location)
            let finish = try await client.send(.PUT, "\(location)?digest=\(digest)")
            #expect(finish.status == 400 && finish.errors == ["DIGEST_INVALID"])
            let again = try await client.begin()
            _ = try await patch(client, again, 0..<3000)
            #expect(try await client.send(.PUT, "\(again)?digest=\(digest)").status == 201)
        }
    }

    @Test func `a single POST is ignored, a mount and a chunk are refused`() async throws {
        let quirks: Set<Quirk> = [.singlePostIgnored, .mountRefused(status: 401), .noPatch(status: 405)]
        try await TestRegistry.run(quirks: quirks) { registry in
            let client = RegistryClient(registry)
            let single = try await client.send(.POST, "/v2/a/b/blobs/uploads/?digest=\(digest)", body: blob)
            #expect(single.status == 202)
            let location = try #require(single["Location"])
            #expect(try await client.send(.GET, location)["Range"] == "0-0")
            #expect(try await client.send(.POST, "/v2/a/b/blobs/uploads/?mount=\(digest)&from=x").status == 401)
            #expect(try await client.send(.PATCH, location, body: blob).status == 405)
        }
    }

    @Test func `a mount that is not granted opens a session`() async throws {
        try await TestRegistry.run(quirks: [.mountRefused(status: 202)]) { registry in
            let client = RegistryClient(registry)
            try await client.push(blob, to: "x")
            let answer = try await client.send(.POST, "/v2/a/b/blobs/uploads/?mount=\(digest)&from=x")
            #expect(answer.status == 202)
            let location = try #require(answer["Location"])
            #expect(try await client.send(.PUT, "\(location)?digest=\(digest)", body: blob).status == 201)
        }
    }

    @Test func `an upload's location has the chosen form and works`() async throws {
        for form in [Quirk.LocationForm.absolute, .withoutScheme, .otherHost, .withQuery] {
            try await TestRegistry.run(quirks: [.location(form)]) { registry in
                let client = RegistryClient(registry)
                var location = try await client.begin()
                let host = registry.host.replacing("127.0.0.1", with: "localhost")
                switch form {
                case .absolute: #expect(location.hasPrefix("http://\(registry.host)/v2/"))
                case .withoutScheme:
                    #expect(location.hasPrefix("//\(registry.host)/v2/"))
                    location = "http:" + location
                case .otherHost: #expect(location.hasPrefix("http://\(host)/v2/"))
                case .withQuery:
                    #expect(location.hasSuffix("?_state=kept"))
                    let bare = String(location.prefix { $0 != "?" })
                    #expect(try await client.send(.PUT, "\(bare)?digest=\(digest)", body: blob).status == 404)
                }
                let mark = location.contains("?") ? "&" : "?"
                #expect(try await client.send(.PUT, "\(location)\(mark)digest=\(digest)", body: blob).status == 201)
            }
        }
    }

    @Test func `manifests: a wrong digest, an immutable tag, one too large, no digest at all`() async throws {
        try await TestRegistry.run(quirks: [.wrongDigestOnManifestPut, .immutableTags(status: 409)]) { registry in
            let client = RegistryClient(registry)
            let first = try await client.put(RegistryClient.smallest, as: "1")
            #expect(first.status == 201 && first["Docker-Content-Digest"]?.hasSuffix("0000") == true)
            #expect(try await client.put(RegistryClient.smallest, as: "1").status == 409)
            let digest = Digest(of: RegistryClient.smallest).description
            #expect(try await client.put(RegistryClient.smallest, as: digest).status == 201)
        }
        try await TestRegistry.run(quirks: [.largeManifests(bytes: 5 << 20), .noDigestHeaders]) { registry in
            let client = RegistryClient(registry)
            #expect(try await client.send(.GET, "/v2/a/b/manifests/1").body.count == 5 << 20)
            let answer = try await client.put(RegistryClient.smallest, as: "1")
            #expect(answer.status == 201 && answer["Docker-Content-Digest"] == nil && answer["ETag"] == nil)
        }
    }

    @Test func `reading: HEAD is refused, ranges are ignored or shifted`() async throws {
        try await TestRegistry.run(quirks: [.headRefused(status: 403), .rangeIgnored]) { registry in
            let client = RegistryClient(registry)
            let path = "/v2/a/b/blobs/\(try await client.push(blob))"
            #expect(try await client.send(.HEAD, path).status == 403)
            let whole = try await client.send(.GET, path, ["Range": "bytes=10-"])
            #expect(whole.status == 200 && whole.body == blob)
        }
        try await TestRegistry.run(quirks: [.rangeShifted]) { registry in
            let client = RegistryClient(registry)
            let path = "/v2/a/b/blobs/\(try await client.push(blob))"
            let part = try await client.send(.GET, path, ["Range": "bytes=10-"])
            #expect(part.status == 206 && part["Content-Range"] == "bytes 11-2999/3000")
        }
    }

    @Test(arguments: [404, 400, 303, 200])
    func `the referrers API is missing in the chosen way, and subjects are not acknowledged`(status: Int) async throws {
        try await TestRegistry.run(quirks: [.noReferrers(status: status)]) { registry in
            let client = RegistryClient(registry)
            let answer = try await client.send(.GET, "/v2/a/b/referrers/\(digest)")
            #expect(answer.status == UInt(status) && (status != 200 || answer.text.contains("<html>")))
            let manifest = Array(#"{"subject":{"digest":"\#(digest)","size":0}}"#.utf8)
            #expect(try await client.put(manifest, as: "1")["OCI-Subject"] == nil)
        }
    }

    @Test func `a captive portal answers everything with its page`() async throws {
        try await TestRegistry.run(quirks: [.captivePortal]) { registry in
            let answer = try await RegistryClient(registry).send(.GET, "/v2/")
            #expect(answer.status == 200 && answer["Content-Type"] == "text/html")
        }
    }

    @Test(arguments: [
        (Quirk.TagLink.toItself, #"</v2/a/b/tags/list?n=1>; rel="next""#),
        (.ring, #"</v2/a/b/tags/list?last=a>; rel="next""#),
        (.otherHost, #"<http://198.51.100.1/v2/a/b/tags/list?last=a>; rel="next""#),
        (.unbracketed, #"/v2/a/b/tags/list?n=1&last=1; rel="next""#),
        (.endless, #"</v2/a/b/tags/list?last=1>; rel="next""#),
        (.emptyPage, #"</v2/a/b/tags/list?last=>; rel="next""#),
    ])
    func `the link to the next page of tags is of the chosen kind`(link: Quirk.TagLink, expected: String) async throws {
        try await TestRegistry.run(quirks: [.tagLink(link)]) { registry in
            let client = RegistryClient(registry)
            for tag in ["1", "2"] { _ = try await client.put(RegistryClient.smallest, as: tag) }
            #expect(try await client.send(.GET, "/v2/a/b/tags/list?n=1")["Link"] == expected)
            let last = try await client.send(.GET, "/v2/a/b/tags/list?last=")
            #expect(last.text.contains(#""tags":["1","2"]"#))
        }
    }

    @Test func `links are duplicated, tags are null`() async throws {
        try await TestRegistry.run(quirks: [.tagLink(.duplicated)]) { registry in
            let client = RegistryClient(registry)
            for tag in ["1", "2"] { _ = try await client.put(RegistryClient.smallest, as: tag) }
            #expect(try await client.send(.GET, "/v2/a/b/tags/list?n=1").headers["Link"].count == 2)
        }
        try await TestRegistry.run(quirks: [.tagLink(.nullTags)]) { registry in
            let client = RegistryClient(registry)
            _ = try await client.put(RegistryClient.smallest, as: "1")
            #expect(try await client.send(.GET, "/v2/a/b/tags/list").text.contains(#""tags":null"#))
        }
    }

    @Test func `a token expires early`() async throws {
        struct Token: Decodable { var token: String }
        try await TestRegistry.run(quirks: [.tokenDies(uses: 2)], access: .bearer) { registry in
            var client = RegistryClient(registry)
            client.headers = ["Authorization": "Basic " + Base64.encode(Array("user:secret".utf8))]
            let answer = try await client.send(.GET, "/token?scope=repository:a:pull")
            client.headers = [
                "Authorization": "Bearer \(try CanonicalJSON.decode(Token.self, from: answer.body).token)"
            ]
            var statuses: [UInt] = []
            for _ in 0..<3 { statuses.append(try await client.send(.GET, "/v2/").status) }
            #expect(statuses == [200, 200, 401])
        }
    }
}
