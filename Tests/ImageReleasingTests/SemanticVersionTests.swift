import OCIModel
import Testing

@testable import ImageReleasing

@Suite struct SemanticVersionTests {
    @Test(arguments: ["3.6.14", "v3.6.14", "3.7.0-rc.1", "1.0.0-alpha-1.x", "1.2.3+git", "0.0.0"])
    func `a version is read with or without a v`(_ text: String) throws {
        let version = try SemanticVersion(text)
        #expect(version.description == (text.hasPrefix("v") ? String(text.dropFirst()) : text))
        #expect(version.tag == "v\(version)")
    }

    @Test(arguments: [
        "", "v", "3.6", "3.6.14.1", "03.6.1", "3.06.1", "3.6.1-", "3.6.1-rc..1", "3.6.1-01", "3.6.1+", "3.6.1 ",
        " 3.6.1",
        "V3.6.1", "vv3.6.1", "3.6.1\n", "3x6y1", "3.6.1-rc_1", "3.6.9999999999", "३.6.1", "-1.0.0", "release-3.6.1",
    ])
    func `anything else is refused, whatever is around it`(_ text: String) {
        #expect(throws: ReleaseError.self) { try SemanticVersion(text) }
    }

    @Test func `versions are ordered as the specification orders its examples`() throws {
        let ordered = [
            "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11",
            "1.0.0-rc.1", "1.0.0", "1.0.10", "1.2.0", "1.10.0",
        ]
        #expect(try ordered.map { try SemanticVersion($0) }.sorted().map(\.description) == ordered)
        #expect(try SemanticVersion("1.0.0+a") == SemanticVersion("1.0.0+b"))
    }

    @Test func `a pre-release counts as the version that it leads to`() throws {
        let range = try VersionRange(">=3.5 <3.8")
        #expect(try SemanticVersion("3.5.0-alpha.1").isIn(range))
        #expect(try !SemanticVersion("3.8.0-alpha.1").isIn(range))
        #expect(try SemanticVersion("3.7.20").isIn(range))
    }
}
