import ImageInputs
import Testing

struct DebianVersionTests {
    @Test func `every pair of versions is ordered as dpkg orders it`() throws {
        let lines = VersionFixtures.ascending.split(separator: "\n")
        let versions = try lines.enumerated().flatMap { rank, line in
            try line.split(separator: " = ").map { (rank, try DebianVersion(String($0))) }
        }
        try #require(versions.count == 200)
        for (i, a) in versions {
            for (j, b) in versions {
                #expect((a < b) == (i < j), "\(a) < \(b)")
                #expect((a == b) == (i == j), "\(a) == \(b)")
            }
        }
    }

    @Test(arguments: [
        ("3.5.16-4+b1", "3.5.16"), ("3.4.23", "3.4.23"), ("1:1.3.dfsg+really1.3.1-1+b1", "1.3.dfsg+really1.3.1"),
        ("1.0-1-1", "1.0-1"), ("1:2:3-1", "2:3"),
    ])
    func `the upstream part excludes epoch and revision`(text: String, upstream: String) throws {
        #expect(try DebianVersion(text).upstream == upstream)
    }

    @Test(arguments: [
        "", "1-", ":1", "a:1", "-1:1", "2147483648:1", "99999999999999999999:1", "1:", "-1", "1 0", "1.0_1", "1.0-é",
        "1/2", "1.0\n",
        String(repeating: "1", count: 300),
    ])
    func `a text that is not a version is refused`(text: String) {
        #expect(throws: ImageInputsError.self) { try DebianVersion(text) }
    }
}
