import Foundation
import ReleaseTesting
import StubHTTP
import SystemPackage
import TestSupport
import Testing

/// The release of the tests' tool with images, to two registries, a page and a folder.
struct PublishedRelease: Sendable {
    let tool: ToolRelease
    let github: GitHubStandIn
    /// The first of the registries, in whose log its reasons are.
    let docker: ServedRegistry
    /// The registries, `host:port` each.
    let registries: [String]

    private static let image = """
        schema: 1
        name: tool
        platforms: [linux/amd64, linux/arm64]
        revision: 0
        files: [{path: /etc/about, text: "about the tool\\n"}]
        config: {entrypoint: [/usr/bin/tool]}

        """

    /// Runs `body` with the release's places: docker-registry, another registry, and a stand-in of GitHub. The other is
    /// that at `second`, or the embedded one.
    static func scoped(second: String? = nil, _ body: (PublishedRelease) async throws -> Void) async throws {
        try await CommandLineFixture.scoped { fixture in
            let tool = try await ToolRelease(fixture)
            try fixture.write(image, to: "images/tool/image.yaml")
            try await ServedRegistry.serving(.docker, fixture) { docker in
                if let second { return try await serving(tool, docker, second, body) }
                try await ServedRegistry.serving(.embedded, fixture) { embedded in
                    try await serving(tool, docker, embedded.address, body)
                }
            }
        }
    }

    private static func serving(
        _ tool: ToolRelease, _ docker: ServedRegistry, _ second: String,
        _ body: (PublishedRelease) async throws -> Void
    ) async throws {
        let github = GitHubStandIn()
        let registries = [docker.address, second]
        try await github.serving { server in
            try tool.write(Self.file(registries, page: "http://127.0.0.1:\(server.port)"))
            try await body(PublishedRelease(tool: tool, github: github, docker: docker, registries: registries))
        }
    }

    /// Begins the release again, into repositories of this name, with a page of its own, and runs `body` with it.
    func again(_ repository: String, _ body: (PublishedRelease) async throws -> Void) async throws {
        for name in ["release", "published"] {
            try? FileManager.default.removeItem(at: tool.fixture.folder.appending(path: name))
        }
        let github = GitHubStandIn()
        try await github.serving { server in
            try tool.write(Self.file(registries, repository, page: "http://127.0.0.1:\(server.port)"))
            try await body(PublishedRelease(tool: tool, github: github, docker: docker, registries: registries))
        }
    }

    /// Returns the release file.
    private static func file(_ registries: [String], _ repository: String = "tool", page: String) -> String {
        let images = """
            images:
              - name: tool
                definition: images/tool
                programs: {tool: /usr/bin/tool}
                platforms: [linux/amd64, linux/arm64]
                repositories: [\(registries.map { "\"\($0)/\(repository)\"" }.joined(separator: ", "))]
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
    func publish(_ more: String...) async throws -> Ended { try await start(tool.words("publish", more)).ended() }

    /// Starts a step with the token, and with what gpg needs around it.
    func start(_ words: [String]) throws -> Program {
        var setting = tool.fixture.setting
        setting.environment["GITHUB_TOKEN"] = GitHubStandIn.token
        setting.environment["GNUPGHOME"] = tool.source.keys.home.path
        return try tool.fixture.start(words, in: setting)
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
