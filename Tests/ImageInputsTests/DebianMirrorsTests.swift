import HTTPTransfer
import ImageInputs
import OCIModel
import Testing

@Suite struct DebianMirrorsTests {
    private func candidates(
        _ explicit: String?, _ own: [DebianMirrors.Archive: [String]] = [:],
        in archive: DebianMirrors.Archive = .debian,
        path: String = "pool/a.deb"
    ) throws -> [String] {
        try DebianMirrors(explicit: explicit, aptSources: own).candidates(for: path, in: archive).map(\.description)
    }

    @Test func `Debian's servers are used by default`() throws {
        #expect(try candidates(nil) == ["http://ftp.debian.org/debian/pool/a.deb"])
        #expect(try candidates(" ", in: .security) == ["http://security.debian.org/debian-security/pool/a.deb"])
    }

    @Test func `the machine's sources come before Debian's servers`() throws {
        let own = [DebianMirrors.Archive.debian: ["cdrom:[x]/", "http://near/debian/", "http://ftp.debian.org/debian"]]
        #expect(
            try candidates(nil, own) == ["http://near/debian/pool/a.deb", "http://ftp.debian.org/debian/pool/a.deb"])
    }

    @Test func `a mirror named by the user is the only one`() throws {
        let own = [DebianMirrors.Archive.debian: ["http://near/debian"]]
        #expect(try candidates("http://mine/debian/", own) == ["http://mine/debian/pool/a.deb"])
    }

    @Test func `the security archive is looked for beside the mirror, then at Debian's server`() throws {
        let standard = "http://security.debian.org/debian-security/pool/a.deb"
        #expect(
            try candidates("http://mine/x/debian", in: .security) == [
                "http://mine/x/debian-security/pool/a.deb", standard,
            ])
        #expect(try candidates("https://mine", in: .security) == ["https://mine/debian-security/pool/a.deb", standard])
    }

    @Test func `a second address is the security archive's`() throws {
        let named = "http://mine/debian\thttp://other/sec"
        #expect(try candidates(named) == ["http://mine/debian/pool/a.deb"])
        #expect(try candidates(named, in: .security) == ["http://other/sec/pool/a.deb"])
    }

    @Test(arguments: ["mine/debian", "ftp://mine/debian", "http://a/ http://b/ http://c/", "http://u:secret@"])
    func `an unusable mirror is refused`(explicit: String) throws {
        let error = try #require(throws: ImageInputsError.self) {
            try DebianMirrors(explicit: explicit, aptSources: [:])
        }
        #expect(error.code == .invalidAddress)
        #expect(error.message.contains("mirror"))
        #expect(!error.message.contains("secret"))
    }

    @Test func `an index is requested by hash first, and a locked file from the snapshot archive last`() throws {
        let digest = Digest(of: [])
        let released = Timestamp(seconds: 1_700_000_000)  // 2023-11-14T22:13:20Z
        let urls = try DebianMirrors(explicit: "http://mine/debian", aptSources: [:]).candidates(
            for: "dists/trixie/main/binary-amd64/Packages.xz", in: .debian, byHash: digest, released: released)
        #expect(
            urls.map(\.description) == [
                "http://mine/debian/dists/trixie/main/binary-amd64/by-hash/SHA256/\(digest.hex)",
                "http://mine/debian/dists/trixie/main/binary-amd64/Packages.xz",
                "https://snapshot.debian.org/archive/debian/20231115T101320Z/dists/trixie/main/binary-amd64/Packages.xz",
            ])
    }

    @Test func `a path that leaves the archive is refused`() throws {
        let mirrors = try DebianMirrors(explicit: nil, aptSources: [:])
        let error = try #require(throws: ImageInputsError.self) { try mirrors.candidates(for: "../a", in: .debian) }
        #expect(error.code == .rejected)
    }
}
