import ImageDefinition
import ImageInputs
import OCIModel
import Testing

@testable import ImageBuilding

/// A lock held against its definition: what was not asked for, and what was asked for and is not there.
@Suite struct LockDiscrepancyTests {
    private static let windows = Platform(os: "windows", architecture: "amd64", osVersion: "ltsc2022")
    private static let sum = Digest(of: "tool".utf8)
    private static let url = "https://example.org/tool-1.0.tar.gz"

    private func definition() throws -> Definition {
        var definition = Definition(name: "tool", platforms: [.amd64, Self.windows], revision: 1)
        definition.debian = .init(suites: ["trixie"], packages: [.init(name: "libc6")], maintainerScripts: "scripts")
        definition.windowsBase = "example.org/windows/base"
        definition.inputFiles = [
            .init(
                .archive(.init(urls: [Self.url], sha256: ["": Self.sum]), member: "tool"), path: try EntryPath("tool"),
                mode: nil, owner: .init()),
            .init(
                .go(.modules([.init(path: "example.org/tool", version: "v1.0.0")]), package: "."),
                path: try EntryPath("go-tool"), mode: nil, owner: .init()),
        ]
        definition.goToolchain = .packages("golang", suites: ["trixie"])
        return definition
    }

    private static func release(_ suite: String) -> Lock.Release {
        Lock.Release(
            archive: "debian", suite: suite, version: nil, date: "2026-11-01T00:00:00Z",
            validUntil: "2026-11-08T00:00:00Z", acceptedExpired: nil, signedBy: ["A"], inRelease: sum,
            indexes: [.init(path: "main/binary-amd64/Packages.xz", size: 1, sha256: sum)])
    }

    private func lock() throws -> Lock {
        let document = Descriptor(mediaType: .manifest, digest: Self.sum, size: 5)
        let base = Lock.BaseImage(
            reference: "example.org/windows/base:ltsc2022", manifest: document, config: document,
            osVersion: "10.0.20348.1", layers: [document])
        return Lock(
            requirements: try definition().requirementsDigest, codec: "gzip/libdeflate-1.14/6/1MiB",
            releases: [Self.release("trixie")],
            platforms: [
                "linux/amd64": .init(base: [LockMergingTests.package], bundle: [:]),
                Self.windows.description: .init(base: [], bundle: [:], baseImage: base),
            ],
            archives: [.init(urls: [Self.url], size: 9, sha256: Self.sum)],
            toolchains: ["linux/amd64": [LockMergingTests.package]],
            goModules: [
                .init(
                    requested: ["example.org/tool@v1.0.0"], sumDatabase: "sum.golang.org",
                    goMod: "module m\n\nrequire (\n\texample.org/tool v1.0.0\n)\n", goSum: [], files: [])
            ])
    }

    private func found(
        _ change: (inout Lock) throws -> Void = { _ in }, in asked: (inout Definition) -> Void = { _ in }
    ) throws -> [String] {
        var (lock, definition) = (try lock(), try definition())
        try change(&lock)
        asked(&definition)
        return lock.discrepancies(from: definition, for: definition.platforms, partOf: definition)
    }

    @Test func `an answer has none`() throws {
        #expect(try found() == [])
        // A module alone in its line is required too.
        #expect(try found { $0.goModules?[0].goMod = "module m\nrequire example.org/tool v1.0.0\n" } == [])
    }

    /// What an editor of locks can try, and a word of what is said to it.
    private static let attempts: [(String, @Sendable (inout Lock) -> Void)] = [
        ("no inputs for linux/amd64", { $0.platforms["linux/amd64"] = nil }),
        ("inputs for linux/s390x, which", { $0.platforms["linux/s390x"] = $0.platforms["linux/amd64"] }),
        ("the suite sid, which", { $0.releases.append(release("sid")) }),
        ("no suite trixie", { $0.releases = [] }),
        ("no suite trixie", { $0.releases[0].suite = "forky" }),
        (
            "the index main/binary-s390x/Packages.xz, which",
            {
                $0.releases[0].indexes[0].path = "main/binary-s390x/Packages.xz"
            }
        ),
        ("had expired when it was locked, which", { $0.releases[0].acceptedExpired = true }),
        (
            "without main/binary-amd64/Packages.xz, which",
            {
                $0.releases[0].missingIndexes = ["main/binary-amd64/Packages.xz"]
            }
        ),
        (
            "the archive https://evil.example/x.tar.gz, which",
            {
                $0.archives?.append(.init(urls: ["https://evil.example/x.tar.gz"], size: 1, sha256: sum))
            }
        ),
        ("no archive https://example.org", { $0.archives = nil }),
        ("other addresses of tool-1.0.tar.gz", { $0.archives?[0].urls.append("https://evil.example/tool") }),
        ("and the definition's is", { $0.archives?[0].sha256 = Digest(of: "other".utf8) }),
        ("from another list", { $0.archives?[0].sums = .init(url: "https://evil.example/SUMS", sha256: sum) }),
        (
            "the Go modules evil@v1",
            {
                $0.goModules?.append(
                    .init(
                        requested: ["evil@v1"], sumDatabase: nil, goMod: "require evil v1", goSum: [], files: []))
            }
        ),
        ("no Go modules example.org/tool@v1.0.0", { $0.goModules = nil }),
        ("lists a set of Go modules twice", { $0.goModules = ($0.goModules ?? []) + ($0.goModules ?? []) }),
        (
            "does not require example.org/tool@v1.0.0",
            {
                $0.goModules?[0].goMod = "require example.org/tool v1.0.1"
            }
        ),
        ("a Go toolchain for linux/mips64le, which", { $0.toolchains?["linux/mips64le"] = [] }),
        (
            "a base image for linux/amd64, which",
            {
                let base = $0.platforms[windows.description]?.baseImage
                $0.platforms["linux/amd64"]?.baseImage = base
            }
        ),
        (
            "evil.example/base:ltsc2022 of windows",
            {
                $0.platforms[windows.description]?.baseImage?.reference = "evil.example/base:ltsc2022"
            }
        ),
        (
            "is not the one that the definition asks for",
            {
                $0.platforms[windows.description]?.baseImage?.osVersion = "10.0.17763.1"
            }
        ),
        ("the definition asks for gzip", { $0.codec = "zstd/1.5/3" }),
    ]

    @Test(arguments: attempts.indices)
    func `what was not asked for, or is not there, is named`(attempt: Int) throws {
        let (words, change) = Self.attempts[attempt]
        let said = try found(change)
        #expect(said.contains { $0.contains(words) }, "\(words): \(said)")
    }

    @Test func `the definition's sum counts, and a consent is the definition's to give`() throws {
        let other = Digest(of: "other".utf8)
        let said = try found(in: { definition in
            definition.inputFiles[0].kind = .archive(.init(urls: [Self.url], sha256: ["": other]), member: "tool")
        })
        #expect(said == ["the lock's sum of tool-1.0.tar.gz is \(Self.sum), and the definition's is \(other)"])
        let given = try found({
            $0.releases[0].acceptedExpired = true
            $0.releases[0].missingIndexes = ["main/binary-amd64/Packages.xz"]
        }) {
            $0.debian?.acceptExpired = ["trixie"]
            $0.debian?.acceptMissing = [.init(suite: "trixie", architecture: "amd64")]
        }
        #expect(given == [])
    }

    @Test func `a Release past its date is spoken of by the definition's consent, whatever the lock notes`() throws {
        var definition = try definition()
        let lock = try lock()
        let late = try #require(Timestamp(canonical: "2026-11-09T00:00:00Z"))
        #expect(lock.concessions(of: definition, now: late) == [])
        definition.debian?.acceptExpired = ["trixie"]
        #expect(lock.concessions(of: definition, now: late).count == 1)
        #expect(lock.releases[0].acceptedExpired == nil)
        let early = try #require(Timestamp(canonical: "2026-11-07T00:00:00Z"))
        #expect(lock.concessions(of: definition, now: early) == [])
    }
}
