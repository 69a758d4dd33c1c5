import OCIModel
import SystemPackage
import TestSupport
import Testing

@testable import ImageReleasing

@Suite struct ReleaseTests {
    static func release(
        _ file: ReleaseFile, _ version: String, previous: String? = nil, commit: Character = "a"
    ) throws -> Release {
        try Release(
            file, home: "/home", checkout: "/checkout", version: SemanticVersion(version),
            previous: previous.map { try SemanticVersion($0) }, commit: String(repeating: commit, count: 40),
            date: Timestamp(seconds: 1_700_000_000))
    }

    private func etcd(_ version: String) throws -> Release {
        let path = "manifests/release/etcd.yaml"
        return try Self.release(ReleaseFile(parsing: Array(Repository.text(path).utf8), file: path), version)
    }

    @Test func `etcd's programs, platforms and archives follow its versions`() throws {
        let (old, new) = (try etcd("3.3.27"), try etcd("3.6.14"))
        #expect(old.programs.map(\.name) == ["etcd", "etcdctl"])
        #expect(new.programs.map(\.name) == ["etcd", "etcdctl", "etcdutl"])
        #expect(
            old.archives.map(\.fileName) == [
                "etcd-v3.3.27-linux-amd64.tar.gz", "etcd-v3.3.27-linux-arm64.tar.gz",
                "etcd-v3.3.27-linux-ppc64le.tar.gz", "etcd-v3.3.27-darwin-amd64.zip",
                "etcd-v3.3.27-windows-amd64.zip",
            ])
        #expect(new.platforms.count == 7)
        #expect(try etcd("3.5.4").platforms.count == 6 && etcd("3.5.5").platforms.count == 7)
        #expect(try etcd("3.3.13").programs.map(\.package) == ["./cmd/etcd", "./cmd/etcdctl"])
        let variables = try #require(old.programs.first).reportEnvironment
        #expect(variables.map { old.filled($0, for: old.platforms[1]) } == ["ETCD_UNSUPPORTED_ARCH=arm64"])
        #expect(try etcd("3.3.14").programs.map(\.package) == [".", "./etcdctl"])
        #expect(new.archives.allSatisfy { $0.extras.contains { $0.to == "READMEv2-etcdctl.md" } })
        #expect(new.archives.allSatisfy { $0.extras.contains { $0.to == "README-etcdutl.md" } })
    }

    @Test func `etcd's modules are tagged as its repository has it`() throws {
        func tags(_ version: String) throws -> [String] {
            let release = try etcd(version)
            return release.file.source.moduleTags.filter { $0.holds(for: release.version) }.map {
                release.filled($0.tag)
            }
        }
        #expect(try tags("3.4.45") == [])
        #expect(
            try tags("3.5.33") == [
                "api/v3.5.33", "client/pkg/v3.5.33", "client/v3.5.33", "client/v2.305.33", "etcdctl/v3.5.33",
                "etcdutl/v3.5.33", "pkg/v3.5.33", "raft/v3.5.33", "server/v3.5.33", "tests/v3.5.33",
            ])
        #expect(
            try tags("3.6.14") == [
                "api/v3.6.14", "client/pkg/v3.6.14", "client/v3.6.14", "etcdctl/v3.6.14", "etcdutl/v3.6.14",
                "pkg/v3.6.14", "server/v3.6.14", "tests/v3.6.14",
            ])
    }

    @Test func `every version of etcd has one pin of Go, from its source where that has one`() throws {
        let pins = try [
            "3.2.32", "3.3.13", "3.3.27", "3.4.17", "3.4.18", "3.4.22", "3.4.24", "3.4.25", "3.5.2", "3.5.8", "3.4.26",
            "3.5.9", "3.7.1", "3.8.0-alpha.0",
        ].map { version in try etcd(version).goPin?.origin }
        #expect(
            pins == [
                .version("1.8.7"), .version("1.10.8"), .version("1.12.12"), .version("1.12.12"), .version("1.12.17"),
                .version("1.16.15"), .version("1.17.13"), .version("1.19.8"), .version("1.16.3"), .version("1.19.8"),
            ] + Array(repeating: .file(".go-version"), count: 4))
    }

    @Test func `etcd's tags are bare for amd64 at first, later the index's with each platform's, at last the index's`()
        throws
    {
        func tags(_ version: String) throws -> ([String], [String]) {
            let release = try etcd(version)
            let tags = release.tags(of: try #require(release.images.first))
            return (tags.index, tags.platforms.map(\.tag))
        }
        #expect(try tags("3.4.45") == ([], ["v3.4.45", "v3.4.45-arm64", "v3.4.45-ppc64le"]))
        #expect(
            try tags("3.6.14") == (
                ["v3.6.14"], ["v3.6.14-amd64", "v3.6.14-arm64", "v3.6.14-ppc64le", "v3.6.14-s390x"]
            ))
        #expect(try tags("3.8.0-alpha.1") == (["v3.8.0-alpha.1"], []))
    }

    @Test(arguments: [
        ("1.0.0+git", nil, "a version with '+' is one between releases"),
        ("1.0.0", "1.0.0", "the previous version 1.0.0 is not a lower one"),
    ])
    func `what makes no release is refused`(_ version: String, _ previous: String?, _ reason: String) throws {
        let file = try ReleaseFileTests.parse(ReleaseFileTests.minimal)
        let error = try #require(throws: ReleaseError.self) {
            try Self.release(file, version, previous: previous)
        }
        #expect(error.message.hasSuffix(reason))
    }

    @Test func `two assets of one name, whatever the case, are refused`() throws {
        let text = ReleaseFileTests.minimal + "source-archives: {name: \"TOOL-${tag}-linux-amd64\", forms: [tar.gz]}\n"
        let file = try ReleaseFileTests.parse(text)
        let error = try #require(throws: ReleaseError.self) { try Self.release(file, "1.0.0") }
        #expect(error.message.contains("two of its files would have the name"))
    }
}
