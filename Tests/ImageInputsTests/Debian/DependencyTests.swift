import ImageInputs
import Testing

struct DependencyTests {
    @Test func `all parts of a relation are read`() throws {
        let clauses = try Clause.parse(
            "a (>= 1:2.0~rc1-3) [amd64 !i386] <!nocheck cross> <x> | b:any,\n c (<<2), d(=1)")
        #expect(clauses.map(\.description) == ["a (>= 1:2.0~rc1-3) | b:any", "c (<< 2)", "d (= 1)"])
        let first = try #require(clauses.first?.alternatives.first)
        #expect(first.architectures == ["amd64", "!i386"])
        #expect(first.profiles == [["!nocheck", "cross"], ["x"]])
        #expect(clauses[0].alternatives[1].qualifier == "any")
    }

    @Test(arguments: [
        ("<<", [true, false, false]), ("<=", [true, true, false]), ("=", [false, true, false]),
        (">=", [false, true, true]), (">>", [false, false, true]), ("<", [true, true, false]),
        (">", [false, true, true]),
    ])
    func `each comparison has the meaning that Debian Policy defines`(sign: String, expected: [Bool]) throws {
        let relation = try Relation("a (\(sign) 2)")
        #expect(try ["1", "2", "3"].map { try relation.isMet(by: DebianVersion($0)) } == expected)
    }

    @Test(arguments: [
        ("a", true), ("a [amd64]", true), ("a [arm64 ppc64el]", false), ("a [!amd64]", false), ("a [!arm64]", true),
        ("a [linux-any]", true), ("a [any-amd64]", true), ("a <nocheck>", false), ("a <!nocheck>", true),
        ("a <x> <!y>", true),
    ])
    func `restrictions decide whether a relation counts`(text: String, expected: Bool) throws {
        #expect(try Relation(text).applies(to: "amd64") == expected)
    }

    @Test func `a package of another architecture does not meet a relation`() throws {
        #expect(try Relation("a:any").means("amd64"))
        #expect(try Relation("a:amd64").means("amd64"))
        #expect(try !Relation("a:i386").means("amd64"))
    }

    @Test func `an unversioned Provides meets no versioned relation`() throws {
        #expect(try Relation("v").isMet(byProvided: Relation("v")))
        #expect(try !Relation("v (>= 1)").isMet(byProvided: Relation("v")))
        #expect(try Relation("v (>= 1)").isMet(byProvided: Relation("v (= 2)")))
        #expect(try !Relation("v (>= 3)").isMet(byProvided: Relation("v (= 2)")))
    }

    @Test(arguments: [
        "(>= 1)", "a (>= 1", "a (1)", "a (~ 1)", "a () ", "a (>= )", "a |", "| a", "a b", "a (= 1) (= 2)", "a [amd64",
        "a <x",
        "../a", "a\u{ff}", "a (=> 1)", "é", "a )", "a ]",
    ])
    func `a text that is not a dependency is refused`(text: String) {
        #expect(throws: ImageInputsError.self) { try Clause.parse(text) }
    }

    @Test(arguments: ["", " ", ",", " , ,"])
    func `an empty field has no clauses`(text: String) throws {
        #expect(try Clause.parse(text).isEmpty)
    }
}
