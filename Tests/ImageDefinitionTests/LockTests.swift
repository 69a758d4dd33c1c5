import ConfigurationFile
import ImageDefinition
import OCIModel
import Testing

@Suite struct LockTests {
    static func digest(_ text: String) -> Digest { Digest(of: text.utf8) }

    static let index = "main/binary-amd64/Packages.xz"

    static func package(_ name: String, suite: String = "trixie") -> Lock.Package {
        .init(
            name: name, version: "1:2.41-12+deb13u4~x", architecture: "amd64", archive: "debian", suite: suite,
            index: index, path: "pool/main/g/glibc/\(name)_2.41-12+deb13u4_amd64.deb", size: 2_847_892,
            sha256: digest(name))
    }

    static func release(_ suite: String) -> Lock.Release {
        .init(
            archive: "debian", suite: suite, version: "13.7", date: "2026-07-11T08:00:00Z",
            validUntil: "2026-07-18T08:00:00Z", acceptedExpired: true,
            signedBy: ["B8B80B5B623EAB6AD8775C45B7C5D7D6350947F8", "04B54C3CDCA79751B16BC6B5225629DF75B188BD"],
            inRelease: digest(suite), indexes: [.init(path: index, size: 9_671_320, sha256: digest(index))])
    }

    static let lock = Lock(
        requirements: digest("requirements"), codec: "gzip/libdeflate-1.14/6/1MiB",
        releases: [release("trixie"), release("bookworm")],
        platforms: [
            "linux/amd64": .init(
                base: [package("tzdata"), package("libc6")],
                bundle: ["3.4.23": [package("etcd-server", suite: "bookworm")]]),
            "linux/arm64": .init(base: [], bundle: [:]),
        ])

    static func read(_ text: some StringProtocol) throws -> Lock {
        try Lock(parsing: Array(text.utf8), file: "image.lock.json")
    }

    static func text() throws -> String { String(decoding: try lock.encoded(), as: UTF8.self) }

    @Test func `a lock is read back as it was written, sorted`() throws {
        let read = try Self.read(try Self.text())
        #expect(read == Self.lock.sorted())
        #expect(read.releases.map(\.suite) == ["bookworm", "trixie"])
        #expect(read.platforms["linux/amd64"]?.base.map(\.name) == ["libc6", "tzdata"])
        #expect(read.releases[0].signedBy[0].hasPrefix("04B5"))
        #expect(try read.encoded() == Self.lock.encoded())
    }

    @Test func `a lock's bytes are pinned`() throws {
        let text = try Self.text()
        #expect(text.hasPrefix("{\n  \"codec\" : \"gzip/libdeflate-1.14/6/1MiB\",\n  \"platforms\" : {\n"))
        #expect(text.hasSuffix("}\n"))
        #expect(Digest(of: text.utf8).hex == "8e198679102f794b0c0ba291b6835a8dcde5f40a5850b8b3d48a72ead0af0ccd")
    }

    static let missing = "main/binary-ppc64el/Packages.xz"

    static func lagging(_ missing: [String]?) -> Lock {
        var lock = Self.lock
        lock.releases[0].missingIndexes = missing
        return lock
    }

    @Test func `missing indexes are read back as they were written, sorted`() throws {
        let text = String(
            decoding: try Self.lagging([Self.missing, "main/binary-arm64/Packages.xz"]).encoded(), as: UTF8.self)
        let read = try Self.read(text)
        #expect(read.releases.map(\.missingIndexes) == [nil, ["main/binary-arm64/Packages.xz", Self.missing]])
        #expect(String(decoding: try read.encoded(), as: UTF8.self) == text)
        #expect(try !Self.text().contains("missing"))
    }

    @Test(
        arguments: [
            ([], "bad lock: 'missingIndexes' of 'trixie' is an empty list"),
            ([missing, missing], "bad lock: the missing index '\(missing)' of 'trixie' is listed twice"),
            ([index], "bad lock: the missing index '\(index)' of 'trixie' is listed twice"),
            (["../a"], "bad lock: the path '../a' of 'trixie' is not inside the archive"),
        ] as [([String], String)])
    func `missing indexes that contradict the lock are refused`(paths: [String], message: String) throws {
        let text = String(decoding: try Self.lagging(paths).encoded(), as: UTF8.self)
        let error = #expect(throws: DefinitionErrors.self) { try Self.read(text) }
        #expect(error?.diagnostics.map(\.message) == [message])
    }

    @Test(arguments: [
        ("\"schema\" : 1", "\"schema\" : 2", "cannot read the lock: unknown schema 2"),
        ("\"schema\" : 1", "\"schemas\" : 1", "cannot read the lock: 'schema' is missing"),
        ("\"name\" : \"tzdata\",", "", "cannot read the lock: 'name' is missing in 'platforms.linux/amd64.base.[1]'"),
        (
            "\"size\" : 9671320", "\"size\" : \"x\"",
            "cannot read the lock: a value of the wrong type in 'releases.[0].indexes.[0].size'"
        ),
        ("\"codec\" : \"gzip/libdeflate-1.14/6/1MiB\"", "\"codec\" : \"\"", "bad lock: 'codec' has no value"),
        (
            "\"suite\" : \"bookworm\",\n      \"val", "\"suite\" : \"trixie\",\n      \"val",
            "bad lock: the release 'debian trixie' is listed twice"
        ),
        ("\"name\" : \"tzdata\"", "\"name\" : \"libc6\"", "bad lock: 'libc6' is listed twice in base of linux/amd64"),
        (
            "pool/main/g/glibc/libc6", "../pool/libc6",
            "bad lock: the path '../pool/libc6_2.41-12+deb13u4_amd64.deb' of 'libc6' is not inside the archive"
        ),
        (
            "pool/main/g/glibc/libc6", "/etc/libc6",
            "bad lock: the path '/etc/libc6_2.41-12+deb13u4_amd64.deb' of 'libc6' is not inside the archive"
        ),
        (
            "pool/main/g/glibc/libc6", "a?b=/libc6",
            "bad lock: the path 'a?b=/libc6_2.41-12+deb13u4_amd64.deb' of 'libc6' is not inside the archive"
        ),
        (
            "\"path\" : \"main/", "\"path\" : \"main/../",
            "bad lock: the path 'main/../binary-amd64/Packages.xz' of 'bookworm' is not inside the archive"
        ),
        (
            "\"name\" : \"libc6\"", "\"name\" : \"../libc6\"",
            "bad lock: '../libc6 1:2.41-12+deb13u4~x amd64' is not a valid package, version and architecture"
        ),
        ("\"size\" : 2847892", "\"size\" : 0", "bad lock: the size 0 of 'libc6' is not above zero"),
        (
            "2026-07-11T08:00:00Z", "yesterday",
            "bad lock: 'yesterday' of 'bookworm' is not a date like 2026-01-31T00:00:00Z"
        ),
        (
            "04B54C3CDCA79751B16BC6B5225629DF75B188BD", "04B5",
            "bad lock: '04B5' of 'bookworm' is not a key's fingerprint"
        ),
        ("\"linux/arm64\"", "\"linux/aarch64\"", "bad lock: 'linux/aarch64' is not a platform like linux/ppc64le"),
        (
            "\"suite\" : \"bookworm\",\n            \"ver", "\"suite\" : \"sid\",\n            \"ver",
            "bad lock: the index of 'etcd-server' in 3.4.23 of linux/amd64 is not among the releases"
        ),
    ])
    func `a damaged lock is refused`(old: String, new: String, message: String) throws {
        let text = try Self.text()
        let changed = text.replacing(old, with: new, maxReplacements: 1)
        try #require(changed != text)
        let error = #expect(throws: DefinitionErrors.self) { try Self.read(changed) }
        #expect(error?.code == .invalidLock)
        #expect(error?.diagnostics.map(\.message).contains(message) == true, "\(error?.description ?? "")")
    }

    @Test func `an invalid digest is named with its position`() throws {
        let bad = try Self.text().replacing(Self.digest("libc6").description, with: "md5:00")
        let error = #expect(throws: DefinitionErrors.self) { try Self.read(bad) }
        #expect(
            error?.message.hasPrefix(
                "image.lock.json: cannot read the lock: 'md5:00' is neither a sha256 nor a sha512 digest") == true)
    }

    @Test(arguments: ["", "{", "[]", "null", "schema: 1", "{\"schema\":1e99}", String(repeating: "[", count: 100_000)])
    func `anything but a lock is refused with a remedy`(text: String) {
        let error = #expect(throws: DefinitionErrors.self) { try Self.read(text) }
        #expect(error?.hint?.isEmpty == false)
    }

    @Test func `a lock that is too large is refused`() {
        let error = #expect(throws: DefinitionErrors.self) {
            try Lock(parsing: [UInt8](repeating: 0x20, count: Lock.sizeLimit + 1), file: "l")
        }
        #expect(error?.message == "l: cannot read the lock: it has 33554433 bytes, more than the 33554432 allowed")
    }
}
