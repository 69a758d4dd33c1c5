import OCIModel
import Testing

@Suite struct DigestTests {
    @Test func `the digest of nothing is the known one`() {
        #expect(
            Digest(of: []).description == "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    }

    @Test func `bytes in pieces have the same digest as the whole`() {
        var hasher = SHA256Hasher()
        hasher.update("a".utf8)
        hasher.update(Array("bc".utf8))
        #expect(hasher.finish() == Digest(of: "abc".utf8))
        #expect(Digest(of: "abc".utf8).short == "ba7816bf8f01")
    }

    @Test func `SHA-512 gives the known digests, and is another digest of the same bytes`() throws {
        let known =
            "sha512:ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
            + "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
        var hasher = DigestHasher(.sha512)
        hasher.update("a".utf8)
        hasher.update(Array("bc".utf8))
        #expect(hasher.finish().description == known)
        #expect(try Digest(known) == Digest(of: "abc".utf8, by: .sha512))
        #expect(try CanonicalJSON.decode([Digest].self, from: Array("[\"\(known)\"]".utf8)).first?.description == known)
        for algorithm in Digest.Algorithm.allCases {
            let digest = Digest(of: "abc".utf8, by: algorithm)
            #expect(digest.isOf("abc".utf8))
            #expect(!digest.isOf("abd".utf8))
        }
        #expect(Digest(of: "abc".utf8, by: .sha512) != Digest(of: "abc".utf8))
    }

    @Test(arguments: [
        "", "sha256:", "sha512:" + String(repeating: "0", count: 64), ":",
        "sha256", "sha256:../../../etc/passwd", "sha384:" + String(repeating: "0", count: 96),
        "sha512:" + String(repeating: "F", count: 128), "sha256:" + String(repeating: "A", count: 64),
        "sha256:" + String(repeating: "0", count: 63), "sha256:" + String(repeating: "0", count: 65),
        "SHA256:" + String(repeating: "0", count: 64), "sha256:" + String(repeating: "é", count: 32),
    ])
    func `a text that is not a digest is refused`(text: String) {
        #expect(throws: OCIModelError.self) { try Digest(text) }
    }
}

@Suite struct EntryPathTests {
    @Test func `different spellings of a path are equal`() throws {
        for text in ["usr/bin", "/usr/bin", "./usr//bin/", "usr/./bin"] {
            #expect(try EntryPath(text).description == "/usr/bin")
        }
        #expect(try EntryPath("./").isRoot)
    }

    @Test(arguments: ["..", "a/../b", "/..", "a/..", "nul\0byte"])
    func `a path that leaves the root is refused`(text: String) {
        #expect(throws: OCIModelError.self) { try EntryPath(text) }
    }

    @Test func `composed and decomposed letters are different paths`() throws {
        #expect(try EntryPath("caf\u{e9}") != EntryPath("cafe\u{301}"))
        // In Latin-1; a part of a letter; a letter after it.
        #expect(try EntryPath([0x63, 0xe9]).description == #"/c\xe9"#)
        #expect(try EntryPath([0xe2, 0x82, 0x63, 0xc3, 0xa9]).description == #"/\xe2\x82cé"#)
    }

    @Test func `paths are ordered by bytes, parents first`() throws {
        let paths = try ["a/b", "a", "a.b", "B", "a0"].map { try EntryPath($0) }
        #expect(paths.sorted().map(\.description) == ["/B", "/a", "/a.b", "/a/b", "/a0"])
    }

    @Test func `a prefix is replaced only at a slash`() throws {
        let (lib, usr) = (try EntryPath("lib"), try EntryPath("usr/lib"))
        #expect(try EntryPath("lib/x").replacing(lib, with: usr).description == "/usr/lib/x")
        #expect(try EntryPath("lib").replacing(lib, with: usr) == usr)
        #expect(try !EntryPath("lib64/x").isWithin(lib))
        #expect(try EntryPath("lib64").parent == .root)
    }
}

@Suite struct PlatformTests {
    @Test func `every spelling of an architecture is understood`() throws {
        #expect(try Platform("linux/ppc64el").description == "linux/ppc64le")
        #expect(try Platform("linux/x86_64").architecture == "amd64")
        #expect(try Platform("linux/aarch64").debianArchitecture == "arm64")
        #expect(try Platform("linux/ppc64le").debianArchitecture == "ppc64el")
        #expect(try Platform("windows/amd64:10.0.20348").osVersion == "10.0.20348")
        #expect(try Platform("linux/s390x").debianArchitecture == "s390x")
        #expect(try Platform("linux/arm/v7").debianArchitecture == "armhf")
        #expect(try Platform("linux/arm/v7") == Platform(os: "linux", architecture: "arm", variant: "v7"))
        #expect(try Platform("linux/armhf/7").description == "linux/arm/v7")
        #expect(try Platform("linux/arm64/v8").description == "linux/arm64")
        #expect(try Platform("linux/amd64/v1").description == "linux/amd64")
    }

    @Test(arguments: [
        ("linux/amd64/v3", "linux/amd64/v3"), ("linux/amd64/v1", "linux/amd64"), ("linux/arm64/v8", "linux/arm64"),
    ]) func `a variant is part of a platform unless it is the default`(_ text: String, _ platform: String) throws {
        #expect(try Platform(text).description == platform)
    }

    @Test func `platforms with and without the default variant are one`() throws {
        #expect(try Platform("linux/arm").runsOn(Platform("linux/arm/v7")))
        #expect(try !Platform("linux/arm/v6").runsOn(Platform("linux/arm/v7")))
        #expect(try !Platform("linux/arm/v7").runsOn(Platform("linux/arm64")))
    }

    @Test(arguments: [
        "linux", "linux/", "linux/mips", "plan9/amd64", "linux/arm64/v9", "linux/amd64/v8", "linux/arm/v9",
        "linux/arm/v7/x", "linux/amd64/", "windows/amd64/v3", "/amd64", "",
    ])
    func `unknown platforms and variants are refused`(text: String) {
        #expect(throws: OCIModelError.self) { try Platform(text) }
    }
}

@Suite struct TimestampTests {
    @Test(arguments: [
        ("1970-01-01T00:00:00Z", 0), ("2024-10-04T12:34:56.999999999Z", 1_728_045_296),
        ("2024-10-04T14:34:56+02:00", 1_728_045_296), ("2024-10-04T04:04:56.5-08:30", 1_728_045_296),
    ]) func `a configuration's date is read whatever its zone`(_ text: String, _ seconds: Int64) {
        #expect(Timestamp(dateTime: text)?.seconds == seconds)
    }

    @Test(arguments: [
        "", "yesterday", "2024-10-04", "2024-10-04T12:34:56", "2024-02-30T12:34:56Z", "2024-10-04T12:34:56.Z",
        "2024-10-04T12:34:56+2:00", "2024-10-04T12:34:56+99:00", "2024-10-04 12:34:56Z", "99999-10-04T12:34:56Z",
        "2024-10-04T12:34:56Zé",
    ]) func `a text that is not a date is refused`(_ text: String) { #expect(Timestamp(dateTime: text) == nil) }

    @Test(arguments: [
        (0, "1970-01-01T00:00:00Z"), (-1, "1969-12-31T23:59:59Z"), (951_782_400, "2000-02-29T00:00:00Z"),
        (1_795_214_460, "2026-11-20T22:41:00Z"), (253_402_300_799, "9999-12-31T23:59:59Z"),
    ])
    func `seconds are written in UTC`(seconds: Int64, text: String) {
        #expect(Timestamp(seconds: seconds).description == text)
    }

    @Test func `days convert there and back over four centuries`() {
        var day = Timestamp.days(year: 1900, month: 1, day: 1)
        #expect(day == -25567)
        while day < 120_000 {
            let text = Timestamp(seconds: day * 86400).description
            let parts = text.prefix(10).split(separator: "-").compactMap { Int64($0) }
            #expect(Timestamp.days(year: parts[0], month: parts[1], day: parts[2]) == day)
            day += 37
        }
    }
}
