import NIOHTTP1
import OCIModel
import RegistryTesting
import TestSupport
import Testing

/// What a second client sees of a release in the registries.
extension PublishedRelease {
    /// All tags of the release.
    static let tags: Set<String> = ["v1.0.1", "v1.0.1-amd64", "v1.0.1-arm64", "latest"]

    /// Returns the tags that stand in a registry's repository, and expects that all that is behind each of them is there.
    func standingTags(of repository: String = "tool", in host: String) async throws -> Set<String> {
        Set(try await digests(of: repository, in: host).keys)
    }

    /// Returns the digests that the tags in a registry's repository name, and expects that all that is behind each of them
    /// is there.
    func digests(of repository: String, in host: String) async throws -> [String: String] {
        var digests: [String: String] = [:]
        for tag in Self.tags {
            guard let digest = try await digest(of: tag, in: repository, of: host) else { continue }
            digests[tag] = digest
            try await expectWhole(digest, in: repository, of: host)
        }
        return digests
    }

    /// Runs `body` while a second client of each registry asks for all tags over and over, and for all that is behind what
    /// it sees for the first time.
    func watched(_ repository: String, _ body: () async throws -> Void) async throws {
        let over = Flag()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for host in registries {
                group.addTask {
                    var seen: Set<String> = []
                    while !over.isRaised {
                        for tag in Self.tags {
                            guard let digest = try await digest(of: tag, in: repository, of: host),
                                seen.insert(digest).inserted
                            else { continue }
                            try await expectWhole(digest, in: repository, of: host)
                        }
                    }
                }
            }
            defer { over.raise() }
            try await body()
            over.raise()
            try await group.waitForAll()
        }
    }

    /// Returns the digest that a tag names; `nil` if there is no such tag.
    private func digest(of tag: String, in repository: String, of host: String) async throws -> String? {
        let path = "/v2/\(repository)/manifests/\(tag)"
        let answer = try await ask(.GET, path, of: host)
        guard answer.status == 200 else {
            #expect(answer.status == 404, "\(host)\(path): \(answer.status): \(answer.text)")
            return nil
        }
        let digest: String = try #require(answer["Docker-Content-Digest"])
        return digest
    }

    private func expectWhole(_ digest: String, in repository: String, of host: String) async throws {
        let path = "/v2/\(repository)/manifests/\(digest)"
        let document = try await ask(.GET, path, of: host)
        try #require(
            document.status == 200, "\(host)\(path) has a name and is not there: \(document.status): \(document.text)")
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
                \(host == docker.address ? "docker-registry" : "the other registry")/\(repository)@\(digest) has a name without \
                its \(blob.digest): \(answer.status), then \(again.status): \(again.text.prefix(500))
                """)
        }
    }

    private func ask(_ method: HTTPMethod, _ path: String, of host: String) async throws -> RegistryClient.Answer {
        if host == docker.address { return try await docker.ask(method, path) }
        return try await ServedRegistry.ask(method, path, of: host)
    }
}
