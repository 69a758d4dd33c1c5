import OCIModel
import Testing

@testable import ImageMirroring

@Suite struct TagSelectionTests {
    private static let listing = [
        "3.4.23-0", "3.5.0-0", "3.5.16-0", "3.5.2-0", "3.6.0-rc.1-0", "3.6.4-0", "latest", "v3.5.9", "v3.10.0",
        "v3.6.1",
        "sha256-" + String(repeating: "a", count: 64), "sha256-" + String(repeating: "b", count: 64) + ".sig",
    ]

    private func select(
        from listing: [String] = Self.listing, _ change: (inout TagSelection) throws -> Void
    ) throws -> [String] {
        var selection = TagSelection()
        try change(&selection)
        return try selection.select(from: listing)
    }

    @Test func `named tags are taken without a listing, sorted, each once`() throws {
        #expect(try select(from: []) { $0.named = ["b", "a", "b"] } == ["a", "b"])
    }

    @Test func `every kind of filter must accept a tag, and signatures' tags are no images`() throws {
        #expect(try select { $0.globs = [try TagPattern(glob: "*")] }.count == 10)
        #expect(try select { $0.globs = [try TagPattern(glob: "3.5.*"), try TagPattern(glob: "lat?st")] }.count == 4)
        let both = try select {
            $0.globs = [try TagPattern(glob: "v*")]
            $0.versions = try VersionRange("<3.10")
        }
        #expect(both == ["v3.5.9", "v3.6.1"])
    }

    @Test func `the newest are those with the highest versions, not the last in the alphabet`() throws {
        #expect(try select { $0.newest = 2 } == ["v3.10.0", "v3.6.1"])
        let revisions = try select {
            $0.versions = try VersionRange(">=3.5.0 <3.8.0")
            $0.withPrereleases = true
            $0.excluded = [try TagPattern(glob: "*rc*"), try TagPattern(glob: "v*")]
            $0.newest = 2
        }
        #expect(revisions == ["3.5.16-0", "3.6.4-0"])
    }

    @Test func `what selects nothing, or too little, is an error that says what was looked at`() throws {
        #expect(throws: SelectionFlaw(message: "the source lists no tags")) {
            try select(from: []) { $0.globs = [try TagPattern(glob: "*")] }
        }
        #expect(throws: SelectionFlaw(message: "no tag of the source's 10 matches '4.*'")) {
            try select { $0.globs = [try TagPattern(glob: "4.*"), try TagPattern(glob: "*")] }
        }
        #expect(throws: SelectionFlaw(message: "the filters accept none of the source's 10 tags")) {
            try select { $0.versions = try VersionRange(">4") }
        }
        #expect(throws: SelectionFlaw(message: "only 3 tags are selected, and at least 4 are required")) {
            try select {
                $0.globs = [try TagPattern(glob: "v*")]
                $0.minimum = 4
            }
        }
    }

    @Test(arguments: [
        ("a+b*c?", ["a", "aab", "abbc"], ["b", "abca", ""]),
        ("^v\\d+\\.[0-9]{1,2}$", ["v3.10"], ["v3.100", "3.1", "v3x1"]),
        ("(a|bc)+", ["abca"], ["ac", ""]), ("[^a-c]x{2,}", ["dxx", "dxxxx"], ["axx", "dx"]),
        ("a.c", ["abc", "a.c"], ["ac"]),
        ("(?:a|)b", ["ab", "b"], ["a"]), ("x{0}y{3}", ["yyy"], ["xyyy"]), ("[]x]+", ["]x"], ["y"]),
        ("(a*)*b", ["aaab", "b"], ["aac"]), ("", [""], ["a"]),
    ])
    func `an expression matches whole tags`(_ text: String, _ matching: [String], _ others: [String]) throws {
        let pattern = try TagPattern(expression: text)
        for tag in matching { #expect(pattern.matches(tag), "\(text) \(tag)") }
        for tag in others { #expect(!pattern.matches(tag), "\(text) \(tag)") }
    }

    @Test(arguments: ["(", "a)", "[a", "*a", "a**", "a{2,1}", "a{999}", "a{x}", "a^b", "\\", "[z-a]", "\\b", "é"])
    func `an expression that cannot be meant is refused`(_ text: String) {
        #expect(throws: PatternFlaw.self) { try TagPattern(expression: text) }
    }

    @Test func `a pattern that would never end elsewhere is matched in one pass, or refused as too large`() throws {
        let tag = String(repeating: "a", count: 127) + "!"
        #expect(try !TagPattern(expression: "(a+)+b").matches(tag))
        #expect(throws: PatternFlaw.self) { try TagPattern(expression: "((a{128}){128}){128}") }
        #expect(throws: PatternFlaw.self) {
            try TagPattern(expression: String(repeating: "(", count: 100) + String(repeating: ")", count: 100))
        }
    }
}
