import OCIModel
import Testing

@Suite struct VersionRangeTests {
    @Test(arguments: [
        (">=3.5.0 <3.7.0", ["3.5.0", "3.6.9"], ["3.4.9", "3.7.0"]),
        ("^3.5.2", ["3.5.2", "3.9.0"], ["3.5.1", "4.0.0"]),
        ("~3.5.2", ["3.5.2", "3.5.9"], ["3.6.0"]), ("3.5.x", ["3.5.0", "3.5.16"], ["3.6.0"]),
        ("3.5", ["3.5.16"], ["3.6.0"]),
        ("^0.3.1", ["0.3.9"], ["0.4.0"]), ("=3.5.1 || >= 3.7", ["3.5.1", "3.7.0"], ["3.5.2"]), ("*", ["1.0.0"], []),
        ("> 3.5, <= 3.6", ["3.5.1", "3.6.0"], ["3.5.0", "3.6.1"]),
    ])
    func `a range includes versions`(_ text: String, _ inside: [String], _ outside: [String]) throws {
        let range = try VersionRange(text)
        for version in inside {
            #expect(range.includes(try #require(VersionRange.version(of: version)), withPrereleases: false))
        }
        for version in outside {
            #expect(!range.includes(try #require(VersionRange.version(of: version)), withPrereleases: false))
        }
    }

    @Test func `pre-releases are in a range only where they are asked for, and not those of the next version`() throws {
        let range = try VersionRange("~3.5.2")
        let inside = try #require(VersionRange.version(of: "v3.5.16-0"))
        #expect(!range.includes(inside, withPrereleases: false) && range.includes(inside, withPrereleases: true))
        #expect(!range.includes(try #require(VersionRange.version(of: "3.6.0-rc.1")), withPrereleases: true))
    }

    @Test(arguments: ["", "||", ">=", "a.b", "<>1", "1.2.3.4.5.6", ">1 ||"])
    func `a range that cannot be meant is refused`(_ text: String) {
        #expect(throws: OCIModelError.self) { try VersionRange(text) }
    }
}
