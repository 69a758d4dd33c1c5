import DurableFiles
import NIOHTTP1
import OCIContent
import OCIModel
import RegistryServer
import RegistryTesting
import SystemPackage
import TestSupport
import Testing

@Suite struct ManifestTests {
    @Test func `a manifest is found by tag and by digest, with its own type`() async throws {
        try await TestRegistry.run { registry in
            let client = RegistryClient(registry)
            let digest = try await client.pushImage("1")
            for name in ["1", digest.description] {
                let answer = try await client.send(.GET, "/v2/a/b/manifests/\(name)")
                #expect(answer.status == 200 && Digest(of: answer.body) == digest)
                #expect(answer["Content-Type"] == "application/vnd.oci.image.manifest.v1+json")
                #expect(answer["Docker-Content-Digest"] == digest.description)
                let head = try await client.send(.HEAD, "/v2/a/b/manifests/\(name)")
                #expect(head["Content-Length"] == String(answer.body.count) && head.body.isEmpty)
                let same = try await client.send(.GET, "/v2/a/b/manifests/\(name)", ["If-None-Match": "\"\(digest)\""])
                #expect(same.status == 304 && same.body.isEmpty)
            }
            let missing = try await client.send(.GET, "/v2/a/b/manifests/2")
            #expect(missing.status == 404 && missing.errors == ["MANIFEST_UNKNOWN"])
        }
    }

    @Test func `several tags are set with one request, by either algorithm`() async throws {
        try await TestRegistry.run { registry in
            let client = RegistryClient(registry)
            let manifest = Array(#"{"schemaVersion":2,"manifests":[]}"#.utf8)
            let type = "application/vnd.oci.image.index.v1+json"
            for algorithm in Digest.Algorithm.allCases {
                let digest = Digest(of: manifest, by: algorithm)
                let tags = (0..<10).map { "\(algorithm.rawValue)-\($0)" }
                let query = tags.map { "tag=\($0)" }.joined(separator: "&")
                let answer = try await client.put(manifest, as: "\(digest)?\(query)", type: type)
                #expect(answer.status == 201 && answer.headers["OCI-Tag"] == tags)
                for tag in tags {
                    let head = try await client.send(.HEAD, "/v2/a/b/manifests/\(tag)")
                    #expect(head["Docker-Content-Digest"] == digest.description && head["Content-Type"] == type)
                }
            }
            let digest = Digest(of: manifest)
            let many = (0...100).map { "tag=t\($0)" }.joined(separator: "&")
            #expect(try await client.put(manifest, as: "\(digest)?\(many)", type: type).status == 414)
            #expect(try await client.put(manifest, as: "\(digest)?tag=-", type: type).status == 400)
        }
    }

    @Test func `no tag is set to a manifest that cannot be pulled`() async throws {
        try await TestRegistry.run { registry in
            let client = RegistryClient(registry)
            let (config, layer) = (Array("{}".utf8), noise(10))
            let manifest = RegistryClient.manifest(config, layer, Digest(of: layer))
            #expect(try await client.put(manifest, as: "1").errors == ["MANIFEST_BLOB_UNKNOWN"])
            try await client.push(config)
            #expect(try await client.put(manifest, as: "1").errors == ["MANIFEST_BLOB_UNKNOWN"])
            try await client.push(layer)
            let lying = RegistryClient.manifest(config, noise(11), Digest(of: layer))
            #expect(try await client.put(lying, as: "1").errors == ["MANIFEST_INVALID"])
            let index = #"{"manifests":[{"digest":"\#(Digest(of: manifest))","size":1}]}"#
            #expect(
                try await client.put(Array(index.utf8), as: "1", type: MediaType.index.rawValue).errors == [
                    "MANIFEST_BLOB_UNKNOWN"
                ])
            #expect(try await client.send(.HEAD, "/v2/a/b/manifests/1").status == 404)
            #expect(try await client.put(manifest, as: "1").status == 201)
            #expect(try await client.put(Array(index.utf8), as: "1", type: MediaType.index.rawValue).status == 201)
        }
    }

    @Test func `a sparse registry accepts a manifest without its parts`() async throws {
        try await TestRegistry.run(configure: { $0.allowsSparse = true }) { registry in
            let manifest = RegistryClient.manifest([], [1], Digest(of: [1]))
            let answer = try await RegistryClient(registry).put(manifest, as: "1")
            #expect(answer.status == 201)
        }
    }

    @Test func `non-distributable layers need not be in the registry`() async throws {
        try await TestRegistry.run { registry in
            let layer = #"""
                {"layers":[{"mediaType":"application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
                "digest":"\#(Digest(of: [1]))","size":1,"urls":["https://198.51.100.1/"]}]}
                """#
            let answer = try await RegistryClient(registry).put(Array(layer.utf8), as: "1")
            #expect(answer.status == 201)
        }
    }

    @Test(arguments: [
        "", "[]", "not JSON", #"{"config":{"digest":7}}"#, #"{"mediaType":"application/other"}"#,
        #"{"manifests":[],"layers":[]}"#, "{}", #"{"schemaVersion":2,"mediaType":"\#(MediaType.manifest.rawValue)"}"#,
        #"{"layers":[],"layers":[]}"#, #"{"layers":[],"Layers":[]}"#, #"{"layers":[],"layer\u017f":[]}"#,
        #"{"Layers":[]}"#,
        #"{"layers":[],"annotations":{"a":"1","a":"2"}}"#, "\u{feff}{\"layers\":[]}",
        #"{"layers":[{"digest":"sha256:../../x"}]}"#, #"{"subject":{"digest":"x"}}"#,
        String(repeating: "[", count: 100_000),
    ])
    func `a document that is not a manifest is refused`(text: String) async throws {
        try await TestRegistry.run { registry in
            let answer = try await RegistryClient(registry).put(Array(text.utf8), as: "1")
            #expect(answer.status == 400 && answer.errors == ["MANIFEST_INVALID"])
        }
    }

    @Test func `a document in UTF-16 is refused, and keys of annotations may differ in case`() async throws {
        try await TestRegistry.run { registry in
            let client = RegistryClient(registry)
            let text = #"{"layers":[],"annotations":{"a":"1","A":"2"},"other":{"x":[{"size":1},{"size":1}]}}"#
            #expect(try await client.put(Array(text.utf8), as: "1").status == 201)
            let wide = text.utf16.flatMap { [UInt8($0 & 0xff), UInt8($0 >> 8)] }
            for bytes in [wide, [0xff, 0xfe] + wide, Array(text.utf8) + [0xff]] {
                let answer = try await client.put(bytes, as: "1")
                #expect(answer.errors == ["MANIFEST_INVALID"])
            }
        }
    }

    @Test(arguments: ["text/html", "application/octet-stream", MediaType.layerGzip.rawValue, MediaType.config.rawValue])
    func `a type that is no manifest's is refused`(type: String) async throws {
        try await TestRegistry.run { registry in
            let answer = try await RegistryClient(registry).put(Array(#"{"layers":[]}"#.utf8), as: "1", type: type)
            #expect(answer.errors == ["MANIFEST_INVALID"])
        }
    }

    @Test func `without a type in the request, a document says what it is`() async throws {
        try await TestRegistry.run { registry in
            let client = RegistryClient(registry)
            for (text, type) in [(#"{"manifests":[]}"#, MediaType.index), (#"{"layers":[]}"#, .manifest)] {
                for header in ["", "application/json"] {
                    let digest = Digest(of: Array(text.utf8))
                    #expect(try await client.put(Array(text.utf8), as: "1", type: header).status == 201)
                    let answer = try await client.send(.GET, "/v2/a/b/manifests/\(digest)")
                    #expect(answer["Content-Type"] == type.rawValue)
                }
            }
        }
    }

    @Test func `an index of blobs, as BuildKit's caches are, is kept if the repository has them`() async throws {
        try await TestRegistry.run { registry in
            let client = RegistryClient(registry)
            let layer = noise(1000)
            let entry =
                #"{"mediaType":"\#(MediaType.layerGzip.rawValue)","digest":"\#(Digest(of: layer))","size":1000}"#
            let index = Array(#"{"schemaVersion":2,"manifests":[\#(entry)]}"#.utf8)
            let type = MediaType.index.rawValue
            #expect(try await client.put(index, as: "cache", type: type).errors == ["MANIFEST_BLOB_UNKNOWN"])
            try await client.push(layer)
            #expect(try await client.put(index, as: "cache", type: type).status == 201)
        }
    }

    @Test func `a manifest of 4 MiB is accepted, a larger one and one with another digest are not`() async throws {
        try await TestRegistry.run(configure: { $0.limits.lingering = .seconds(1) }) { registry in
            let client = RegistryClient(registry)
            let start = Array(#"{"layers":[],"annotations":{"a":""#.utf8)
            func manifest(_ size: Int) -> [UInt8] {
                start + [UInt8](repeating: UInt8(ascii: "x"), count: size - start.count - 3) + Array(#""}}"#.utf8)
            }
            #expect(try await client.put(manifest(4 << 20), as: "1").status == 201)
            #expect(try await client.send(.GET, "/v2/a/b/manifests/1").body == manifest(4 << 20))
            // The client library may lose an answer that comes while it still sends.
            let head = "PUT /v2/a/b/manifests/1 HTTP/1.1\r\nHost: a\r\nContent-Length: \((4 << 20) + 1)\r\n\r\n"
            #expect(try await Flood.send(head, to: registry).text.hasPrefix("HTTP/1.1 413 "))
            let wrong = try await client.put(manifest(100), as: Digest(of: []).description)
            #expect(wrong.status == 400 && wrong.errors == ["DIGEST_INVALID"])
        }
    }

    @Test func `a tag moves only from where the client expects it`() async throws {
        try await TestRegistry.run { registry in
            let client = RegistryClient(registry)
            let (one, two) = (Array(#"{"layers":[]}"#.utf8), Array(#"{"layers": []}"#.utf8))
            let unexpected = try await client.put(one, as: "1", ["If-Match": "*"])
            #expect(unexpected.status == 412)
            #expect(try await client.put(one, as: "1", ["If-None-Match": "*"]).status == 201)
            #expect(try await client.put(two, as: "1", ["If-None-Match": "*"]).status == 412)
            #expect(try await client.put(two, as: "1", ["If-Match": "\"\(Digest(of: two))\""]).status == 412)
            #expect(try await client.send(.GET, "/v2/a/b/manifests/1").body == one)
            #expect(try await client.put(two, as: "1", ["If-Match": "\"x\", \"\(Digest(of: one))\""]).status == 201)
            #expect(try await client.send(.GET, "/v2/a/b/manifests/1").body == two)
        }
    }

    @Test func `one of many writers that expect the same tag wins each time`() async throws {
        try await TestRegistry.run { registry in
            let client = RegistryClient(registry)
            _ = try await client.put(RegistryClient.smallest, as: "1")
            let wins = try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 0..<16 {
                    group.addTask {
                        let manifest = Array(#"{"layers":[],"annotations":{"n":"\#(number)"}}"#.utf8)
                        let expected = ["If-Match": "\"\(Digest(of: RegistryClient.smallest))\""] as HTTPHeaders
                        return try await client.put(manifest, as: "1", expected).status == 201
                    }
                }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(wins == 1)
        }
    }

    @Test func `removing a tag leaves the manifest; removing the manifest takes its tags`() async throws {
        try await TestRegistry.run { registry in
            let client = RegistryClient(registry)
            let manifest = RegistryClient.smallest
            for tag in ["1", "2", "3"] { _ = try await client.put(manifest, as: tag) }
            #expect(try await client.send(.DELETE, "/v2/a/b/manifests/1").status == 202)
            #expect(try await client.send(.HEAD, "/v2/a/b/manifests/1").status == 404)
            #expect(try await client.send(.HEAD, "/v2/a/b/manifests/2").status == 200)
            #expect(try await client.send(.DELETE, "/v2/a/b/manifests/\(Digest(of: manifest))").status == 202)
            #expect(try await client.send(.HEAD, "/v2/a/b/manifests/2").status == 404)
            #expect(try await client.send(.DELETE, "/v2/a/b/manifests/2").status == 404)
        }
    }

    @Test func `a damaged manifest counts as missing, and may be pushed again or removed`() async throws {
        try await TestRegistry.run { registry in
            let client = RegistryClient(registry)
            let digest = try await client.pushImage("1")
            let path = "repositories/a/b/_manifests/sha256/\(digest.hex)"
            try FileSystem.write(Array("x/y\n{}".utf8), to: registry.storage.root.pushing(FilePath(path)))
            #expect(try await client.send(.GET, "/v2/a/b/manifests/1").status == 404)
            #expect(try await client.send(.HEAD, "/v2/a/b/manifests/1").status == 404)
            #expect(try await client.pushImage("1") == digest)
            #expect(try await client.send(.GET, "/v2/a/b/manifests/1").status == 200)
            try FileSystem.write(Array("x/y\n{}".utf8), to: registry.storage.root.pushing(FilePath(path)))
            #expect(try await client.send(.DELETE, "/v2/a/b/manifests/\(digest)").status == 202)
            #expect(try await client.send(.GET, "/v2/a/b/tags/list").text.contains("[]"))
        }
    }
}
