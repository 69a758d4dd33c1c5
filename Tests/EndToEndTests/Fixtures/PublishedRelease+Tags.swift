import NIOHTTP1
import OCIModel
import RegistryTesting
import Testing

/// What a second client sees of a release in the registries.
extension PublishedRelease {
    /// All tags of the release.
    static let tags: Set<String> = ["v1.0.1", "v1.0.1-amd64", "v1.0.1-arm64", "latest"]

    /// Returns the tags that stand in a registry's repository, and expects that all that is behind each of them is there.
    func standingTags(of repository: String = "tool", in host: String) async throws -> Set<String> {
        var standing: Set<String> = []
        for tag in Self.tags {
            let answer = try await ask(.HEAD, "/v2/\(repository)/manifests/\(tag)", of: host)
            guard answer.status == 200 else {
                #expect(answer.status == 404, "\(host)/\(repository):\(tag): \(answer.status)")
                continue
            }
            standing.insert(tag)
            try await expectWhole(try #require(answer["Docker-Content-Digest"]), in: repository, of: host)
        }
        return standing
    }

    private func expectWhole(_ digest: String, in repository: String, of host: String) async throws {
        let document = try await ask(.GET, "/v2/\(repository)/manifests/\(digest)", of: host)
        try #require(document.status == 200, "\(host)/\(repository)@\(digest) has a name and is not there")
        if let index = try? CanonicalJSON.decode(Index.self, from: document.body), !index.manifests.isEmpty {
            for child in index.manifests { try await expectWhole("\(child.digest)", in: repository, of: host) }
            return
        }
        let manifest = try CanonicalJSON.decode(Manifest.self, from: document.body)
        for blob in manifest.layers + [manifest.config] {
            let path = "/v2/\(repository)/blobs/\(blob.digest)"
            let answer = try await ask(.HEAD, path, of: host)
            guard answer.status != 200 else { continue }
            let again = try await ask(.GET, path, of: host)
            Issue.record(
                """
                \(host == registries[0] ? "docker-registry" : "the other registry")/\(repository)@\(digest) has a name without \
                its \(blob.digest): \(answer.status), then \(again.status): \(again.text.prefix(500))
                """)
        }
    }

    private func ask(_ method: HTTPMethod, _ path: String, of host: String) async throws -> RegistryClient.Answer {
        // docker-registry has no manifest of a type that is not asked for.
        let types = ["index", "manifest"].map { "application/vnd.oci.image.\($0).v1+json" }.joined(separator: ", ")
        return try await RegistryClient("http://\(host)").send(method, path, ["Accept": types])
    }
}
