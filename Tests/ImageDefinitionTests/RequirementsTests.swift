import ImageDefinition
import OCIModel
import Testing

@Suite struct RequirementsTests {
    static let small =
        head + """
            debian: {suites: [trixie, sid], maintainer-scripts: s.yaml, packages: [libc6, {name: tzdata, dependencies: false}]}
            bundle:
              directory: /bin
              mode: "0555"
              programs:
                etcd: {package: etcd-server, file: /usr/bin/etcd}
                etcdutl: {package: etcd-utils, file: /usr/bin/etcdutl, since: "3.5"}
              versions:
                - {version: 3.4.23, suites: [bookworm]}
                - {version: 3.5.16, suites: [trixie]}

            """

    /// A new value here makes every lock stale, so change it only on purpose.
    @Test func `the digest of a small definition's requirements is pinned`() throws {
        let canonical =
            #"{"acceptExpired":[],"bundle":[{"packages":["etcd-server"],"suites":["bookworm"],"version":"3.4.23"},"#
            + #"{"packages":["etcd-server","etcd-utils"],"suites":["trixie"],"version":"3.5.16"}],"compression":"gzip","#
            + #""packages":[{"dependencies":true,"name":"libc6"},{"dependencies":false,"name":"tzdata"}],"#
            + #""platforms":["linux/amd64"],"schema":1,"suites":["trixie","sid"]}"#
        let digest = try parsed(Self.small).requirementsDigest
        #expect(digest == Digest(of: canonical.utf8))
        #expect(digest.hex == "f3b1f9e246ea32609b7f5cb488d72bfd58bcfefed09fc391e477cad206a2bd3c")
    }

    @Test(arguments: [
        "labels: {a: b}\n", "annotations: {a: b}\n", "revision: 7\n", "config: {user: a}\n",
        "users: [{name: a, id: 1, group: a}]\n", "platform-specific: [/lib64]\n",
        "files: [{source: a, path: /a}]\n",
    ])
    func `a change of what no input depends on leaves the lock fresh`(addition: String) throws {
        #expect(try parsed(Self.small + addition).requirementsDigest == parsed(Self.small).requirementsDigest)
    }

    @Test(arguments: [
        ("[linux/amd64]", "[linux/amd64, linux/arm64]"), ("[trixie, sid]", "[sid, trixie]"), ("3.4.23", "3.4.24"),
        ("[bookworm]", "[bookworm, sid]"), ("etcd-utils", "etcd-client"), ("libc6,", "libc6, dash,"),
        ("since: \"3.5\"", "since: \"3.4\""), ("dependencies: false", "dependencies: true"),
        ("s.yaml,", "s.yaml, accept-expired: [sid],"),
        ("s.yaml,", "s.yaml, accept-missing: [sid/amd64],"), ("bundle:\n", "compression: zstd\nbundle:\n"),
    ])
    func `a change of what inputs depend on makes the lock stale`(old: String, new: String) throws {
        let changed = Self.small.replacing(old, with: new)
        #expect(changed != Self.small)
        #expect(try parsed(changed).requirementsDigest != parsed(Self.small).requirementsDigest)
    }

    @Test func `the order of accepted indexes does not matter, and an empty list is like none`() throws {
        func digest(_ list: String) throws -> Digest {
            try parsed(Self.small.replacing("s.yaml,", with: "s.yaml, accept-missing: \(list),")).requirementsDigest
        }
        #expect(try digest("[sid/amd64, trixie/amd64]") == digest("[trixie/amd64, sid/amd64]"))
        #expect(try digest("[]") == parsed(Self.small).requirementsDigest)
    }

    @Test func `the order of platforms does not make the lock stale`() throws {
        let one = try parsed(Self.small.replacing("[linux/amd64]", with: "[linux/amd64, linux/arm64]"))
        let other = try parsed(Self.small.replacing("[linux/amd64]", with: "[linux/arm64, linux/amd64]"))
        #expect(try one.requirementsDigest == other.requirementsDigest)
    }
}
