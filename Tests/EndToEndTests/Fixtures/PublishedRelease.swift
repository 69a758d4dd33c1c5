import Foundation
import ReleaseTesting
import StubHTTP
import TestSupport
import Testing

/// The release of the tests' tool with images, to two registries, a page and a folder.
struct PublishedRelease: Sendable {
    let tool: ToolRelease
    let github: GitHubStandIn

    private static let image = """
        schema: 1
        name: tool
        platforms: [linux/amd64, linux/arm64]
        revision: 0
        files: [{path: /etc/about, text: "about the tool\\n"}]
        config: {entrypoint: [/usr/bin/tool]}

        """

    /// Runs `body` with the release's places: docker-registry, the embedded registry, and a stand-in of GitHub.
    static func scoped(_ body: (PublishedRelease) async throws -> Void) async throws {
        try await CommandLineFixture.scoped { fixture in
            let tool = try await ToolRelease(fixture)
            let github = GitHubStandIn()
            try await ServedRegistry.serving(.docker, fixture) { docker in
                try await ServedRegistry.serving(.embedded, fixture) { embedded in
                    try await github.serving { server in
                        try fixture.write(image, to: "images/tool/image.yaml")
                        try tool.write(
                            Self.file([docker.address, embedded.address], page: "http://127.0.0.1:\(server.port)"))
                        try await body(PublishedRelease(tool: tool, github: github))
                    }
                }
            }
        }
    }

    /// Returns the release file.
    private static func file(_ registries: [String], page: String) -> String {
        let images = """
            images:
              - name: tool
                definition: images/tool
                programs: {tool: /usr/bin/tool}
                platforms: [linux/amd64, linux/arm64]
                repositories: [\(registries.map { "\"\($0)/tool\"" }.joined(separator: ", "))]
                tags: [{tag: "${tag}"}, {tag: "${tag}-${arch}", platforms: [linux/amd64, linux/arm64]}]
                latest: stable
                promotion: ["${tag}", "${version}-0"]

            """
        return ToolRelease.file.replacing(
            "downloads: [", with: images + "downloads: [{github: o/r, api: \"\(page)\"}, ")
    }

    var build: [String] { tool.words("build", ["--go", tool.go.root]) }
    var sign: [String] {
        tool.words(
            "sign",
            ["--key", tool.source.keys.fingerprint, "--asset-key", tool.source.keys.publicKey.string, "--yes"])
    }

    /// Runs a step with the token.
    func publish(_ more: String...) async throws -> Ended {
        var setting = tool.fixture.setting
        setting.environment["GITHUB_TOKEN"] = GitHubStandIn.token
        return try await tool.fixture.start(tool.words("publish", more), in: setting).ended()
    }

    /// Does everything before the publication.
    func prepare() async throws {
        try await tool.succeed(tool.begin)
        try await tool.succeed(build)
        try await tool.succeed(sign)
    }

    /// Verifies from a folder that has nothing but the release file and the key.
    func verify(_ more: String...) async throws -> Ended {
        let other = tool.fixture.folder.appending(path: "elsewhere")
        try? FileManager.default.createDirectory(at: other, withIntermediateDirectories: true)
        for (from, to) in [("release.yaml", "release.yaml"), ("gpg/public.asc", "key.asc")] {
            let target = other.appending(path: to)
            try? FileManager.default.removeItem(at: target)
            try FileManager.default.copyItem(at: tool.fixture.folder.appending(path: from), to: target)
        }
        var setting = tool.fixture.setting
        setting.folder = other
        return try await tool.fixture.start(
            ["release", "verify", "release.yaml", "--version", "1.0.1", "--asset-key", "key.asc"] + more, in: setting
        ).ended()
    }
}
