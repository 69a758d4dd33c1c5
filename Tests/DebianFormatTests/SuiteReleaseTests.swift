import DebianFormat
import OCIModel
import Testing

struct SuiteReleaseTests {
    private let zeros = String(repeating: "0", count: 64)

    private func release(_ changes: [String: String?] = [:]) throws -> SuiteRelease {
        var fields: [String: String?] = [
            "Suite": "stable", "Codename": "trixie", "Date": "Sat, 12 Sep 2026 07:55:41 UTC",
            "SHA256": "\n \(zeros)  12 main/a", "Valid-Until": "Sat, 19 Sep 2026 07:55:41 UTC",
        ]
        fields.merge(changes) { $1 }
        let text = fields.sorted { $0.key < $1.key }.compactMap { key, value in value.map { "\(key): \($0)\n" } }
            .joined()
        return try SuiteRelease(signedText: Array(text.utf8))
    }

    private func expectation(
        _ suite: String = "trixie", now: String = "2026-09-15T00:00:00Z", acceptExpired: Bool = false,
        previous: String? = nil
    ) throws -> ReleaseExpectation {
        ReleaseExpectation(
            suite: suite, now: try #require(Timestamp(canonical: now)), acceptExpired: acceptExpired,
            previousDate: try previous.map { try #require(Timestamp(canonical: $0)) })
    }

    private func refusal(_ release: SuiteRelease, _ expected: ReleaseExpectation) -> DebianFormatError? {
        do throws(DebianFormatError) {
            _ = try release.check(expected)
            return nil
        } catch { return error }
    }

    @Test func `fields and files are read`() throws {
        let file = try release(["Version": "13.7", "Acquire-By-Hash": "yes"])
        #expect(file.version == "13.7")
        #expect(file.acquireByHash)
        #expect(file.date.description == "2026-09-12T07:55:41Z")
        #expect(file.files["main/a"] == SuiteRelease.File(size: 12, sha256: try Digest(hex: zeros)))
    }

    @Test func `only its suite and codename identify a Release`() throws {
        for suite in ["trixie", "stable"] { #expect(refusal(try release(), try expectation(suite)) == nil) }
        for suite in ["bookworm", ""] { #expect(refusal(try release(), try expectation(suite))?.code == .untimely) }
        let nameless = try release(["Suite": nil, "Codename": nil])
        #expect(refusal(nameless, try expectation(""))?.code == .untimely)
    }

    @Test func `an expired Release is refused unless accepted, which is then reported`() throws {
        let late = "2026-09-19T07:55:42Z"
        let error = refusal(try release(), try expectation(now: late))
        #expect(error?.code == .expired)
        #expect(error?.message.contains("valid until 2026-09-19T07:55:41Z") == true)
        #expect(try release().check(expectation(now: late, acceptExpired: true)))
        #expect(try !release().check(expectation(acceptExpired: true)))
        #expect(try !release(["Valid-Until": nil]).check(expectation(now: "2036-01-01T00:00:00Z")))
    }

    @Test func `a Release from the future is refused, with a day's allowance for wrong clocks`() throws {
        #expect(refusal(try release(), try expectation(now: "2026-09-11T07:55:40Z"))?.code == .untimely)
        #expect(refusal(try release(), try expectation(now: "2026-09-11T07:55:41Z")) == nil)
    }

    @Test func `a Release older than the locked one is refused, even if an expired one is accepted`() throws {
        let expected = try expectation(acceptExpired: true, previous: "2026-09-12T07:55:42Z")
        #expect(refusal(try release(), expected)?.code == .rolledBack)
        #expect(refusal(try release(), try expectation(previous: "2026-09-12T07:55:41Z")) == nil)
    }

    @Test(
        arguments: [
            ["Date": nil], ["Date": "yesterday"], ["SHA256": nil], ["SHA256": "\n 00 12 a"],
            ["SHA256": "\n \(String(repeating: "0", count: 64)) -1 a"],
            ["SHA256": "\n \(String(repeating: "0", count: 64)) 99999999999999999999 a"], ["Valid-Until": "never"],
            ["SHA256": "\n \(String(repeating: "0", count: 64)) 1 a\n \(String(repeating: "0", count: 64)) 2 a"],
            ["Suite": "a\n\nSuite: b"],
        ] as [[String: String?]])
    func `a malformed Release is refused`(changes: [String: String?]) {
        #expect(throws: DebianFormatError.self) { try release(changes) }
    }

    @Test(arguments: [
        ("Thu, 01 Jan 1970 00:00:00 UTC", "1970-01-01T00:00:00Z"),
        ("Thu, 29 Feb 2024 23:59:59 UTC", "2024-02-29T23:59:59Z"),
        ("Fri, 1 Jan 2100 00:00:00 +0000", "2100-01-01T00:00:00Z"),
    ])
    func `dates are read without a time zone`(text: String, expected: String) throws {
        #expect(try Timestamp(releaseDate: text).description == expected)
        #expect(Timestamp(canonical: expected)?.description == expected)
    }

    @Test(arguments: [
        "", "Sat, 12 Sep 2026 07:55:41 CEST", "Sat, 12 Foo 2026 07:55:41 UTC", "Sat, 32 Sep 2026 07:55:41 UTC",
        "Sat, 12 Sep 2026 24:00:00 UTC", "Sat, 12 Sep 2026 07:55 UTC", "Sat, +1 Sep 2026 07:55:41 UTC",
        "Sat, 12 Sep 99999999999999 07:55:41 UTC", "12 Sep 2026 07:55:41 UTC",
    ])
    func `a text that is not a date is refused`(text: String) {
        #expect(throws: DebianFormatError.self) { try Timestamp(releaseDate: text) }
        #expect(Timestamp(canonical: text) == nil)
    }
}
