import OCIModel
import Testing

@testable import ImageDefinition

/// What decides the inputs of some of an image's platforms.
@Suite struct RestrictionTests {
    private func part(_ definition: Definition, _ platforms: String...) throws -> Definition {
        definition.restricted(to: try platforms.map { try Platform($0) })
    }

    @Test func `what only other platforms need is left away`() throws {
        let etcd = try ShippedFilesTests.definition("etcd")
        let amd64 = try part(etcd, "linux/amd64")
        #expect(amd64.bundle?.go == nil)
        #expect(amd64.debian?.acceptMissing == [])
        #expect(amd64.debian?.acceptExpired == [])
        #expect(!amd64.suites.contains("sid"))
        let windows = try part(etcd, "windows/amd64:ltsc2022")
        #expect(windows.bundle?.go == etcd.bundle?.go)
        #expect(windows.suites.contains("sid"))
        #expect(windows.debian?.packages == [])
        #expect(try !etcd.suites(for: Platform("linux/arm64")).contains("sid"))
        #expect(try etcd.suites(for: Platform("windows/amd64:1809")).contains("sid"))
        let upstream = try ShippedFilesTests.definition("etcd", variant: "upstream")
        let archives = try part(upstream, "linux/arm64").bundle?.archives ?? []
        #expect(archives.map(\.platforms) == [["linux/arm64"]])
        #expect(try part(upstream, "linux/arm64").bundle?.versions.allSatisfy { $0.sha256.count < 2 } == true)
    }

    @Test func `another platform in the definition leaves the requirements of a part as they are`() throws {
        let etcd = try ShippedFilesTests.definition("etcd")
        let all = etcd.restricted(to: etcd.platforms)
        #expect(try all.requirementsDigest == etcd.requirementsDigest)
        let both = try part(etcd, "linux/amd64", "linux/arm64")
        #expect(try part(both, "linux/amd64").requirementsDigest == part(etcd, "linux/amd64").requirementsDigest)
        #expect(try both.requirementsDigest != part(etcd, "linux/amd64").requirementsDigest)
    }

    @Test func `a lock of some platforms answers, and one with a platform too many does not`() throws {
        let etcd = try ShippedFilesTests.definition("etcd")
        var lock = Lock(
            requirements: try part(etcd, "linux/amd64").requirementsDigest, codec: "gzip", releases: [],
            platforms: ["linux/amd64": .init(base: [], bundle: [:])])
        #expect(try lock.answers(etcd))
        #expect(lock.platforms(of: etcd).map(\.description) == ["linux/amd64"])
        lock.platforms["linux/s390x"] = .init(base: [], bundle: [:])
        #expect(try !lock.answers(etcd))
        lock.platforms = ["linux/arm64": .init(base: [], bundle: [:])]
        #expect(try !lock.answers(etcd))
    }
}
