import ImageDefinition
import OCIModel
import Testing

@Suite struct PathPatternsTests {
    static func matches(_ patterns: [String], _ path: String) throws -> Bool {
        PathPatterns(patterns).matches(try EntryPath(path))
    }

    @Test(arguments: [
        ("/a", "/a"), ("/a/*", "/a/b"), ("/a/**", "/a/b/c"), ("/*", "/a"), ("/a/*/c", "/a/b/c"), ("/a/**/c", "/a/c"),
        ("/a/**/c", "/a/b/b/c"), ("/a/**/c/d", "/a/c/x/c/d"), ("/**/c", "/c"), ("/a*c", "/abc"), ("/a*c", "/ac"),
        ("/a**c", "/a/b/c"), ("/usr/lib/*-linux-gnu/**", "/usr/lib/x86_64-linux-gnu/gconv/a.so"),
        ("/**/a*b/**/c*d", "/a/axb/ayb/z/c1d2d"), ("/*a*b*c", "/xaybzc"), ("/a/***", "/a/b/c"), ("/**", "/a"),
        ("/é*", "/été"),
    ])
    func `a pattern matches`(pattern: String, path: String) throws { #expect(try Self.matches([pattern], path)) }

    @Test(arguments: [
        ("/a", "/ab"), ("/a/*", "/a"), ("/a/*", "/a/b/c"), ("/a/**", "/a"), ("/a/**/c", "/a/bc"),
        ("/a/**/c", "/a/b/cc"),
        ("/a*c", "/a/c"), ("/*", "/a/b"), ("a", "/a"), ("", "/a"), ("/**/b*/c", "/a/b/x/c"), ("/a/**/b", "/ab"),
        ("/[ab]", "/a"), ("/a?", "/ab"), ("/A", "/a"),
    ])
    func `a pattern does not match`(pattern: String, path: String) throws {
        #expect(try !Self.matches([pattern], path))
    }

    @Test func `the last matching pattern decides`() throws {
        let patterns = ["/usr/share/doc/**", "!/usr/share/doc/*/copyright", "/usr/share/doc/secret/**"]
        #expect(try Self.matches(patterns, "/usr/share/doc/a/changelog"))
        #expect(try !Self.matches(patterns, "/usr/share/doc/a/copyright"))
        #expect(try Self.matches(patterns, "/usr/share/doc/secret/copyright"))
        #expect(try !Self.matches(["!/a"], "/a"))
    }

    @Test func `names are compared byte by byte`() throws {
        #expect(try !Self.matches(["/e\u{301}"], "/\u{e9}"))
        let notUTF8 = try EntryPath([UInt8(ascii: "a"), 0xff, UInt8(ascii: "b")])
        #expect(PathPatterns(["/a*b"]).matches(notUTF8))
    }

    @Test(.timeLimit(.minutes(1))) func `a hostile pattern does not take exponential time`() throws {
        let pattern = "/" + String(repeating: "*a", count: 1000) + "b"
        let crossing = "/" + String(repeating: "**/a*", count: 500) + "b"
        let path = String(repeating: "a", count: 4000)
        #expect(try !Self.matches([pattern], path))
        #expect(try !Self.matches([crossing], String(repeating: "a/", count: 2000)))
    }
}
