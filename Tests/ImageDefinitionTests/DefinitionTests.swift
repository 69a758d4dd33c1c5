import ImageDefinition
import OCIModel
import Testing

@Suite struct DefinitionTests {
    static let whole = """
        schema: 1
        name: etcd
        platforms: [linux/arm64, linux/amd64]
        revision: 3
        debian:
          suites: [trixie, trixie-security]
          maintainer-scripts: ../debian/maintainer-scripts.yaml
          accept-expired: [sid]
          accept-missing: [bookworm/arm64, trixie-security/arm64]
          exclude: [/usr/share/man/**, "!/usr/share/man/keep"]
          packages:
            - libc6
            - {name: tzdata, dependencies: false}
            - {name: foo, suites: [sid]}
        bundle:
          directory: /usr/local/bin/
          mode: 0555
          programs:
            etcd: {package: etcd-server, file: /usr/bin/etcd}
            etcdutl: {package: etcd-server, file: /usr/bin/etcdutl, since: 3.5}
          versions:
            - {version: 3.4.23, suites: [bookworm]}
            - {version: 3.10, suites: [trixie]}
        users: [{name: etcd, id: 1000, group: etcd, home: /var/lib/etcd}]
        groups: [{name: etcd, id: 1000}]
        directories: [{path: /var/lib/etcd, mode: "0700", owner: "1000:1000"}]
        files: [{source: "files/run-${arch}", path: /usr/local/bin/run, mode: 755, owner: 0:0}]
        links: [{path: /bin/foo, target: bar}]
        config:
          user: 1000:1000
          ports: [2379, 53/udp]
          environment: {ZZZ: "", PATH: /bin, VERSION: 1.10}
          entrypoint: [/usr/local/bin/etcd]
          command: [--debug, true]
          volumes: [/var/lib/etcd]
          working-directory: /
          stop-signal: SIGINT
          healthcheck: {test: [CMD, etcdctl, endpoint], interval: 1m30s, timeout: 500ms, start-period: 1m, start-interval: 2s, retries: 3}
        labels: {version: "${version}"}
        annotations: {org.opencontainers.image.title: "etcd ${tag}"}
        compression: zstd
        platform-specific: [/lib64]
        """

    @Test func `every part of a full definition is read`() throws {
        let definition = try parsed(Self.whole)
        #expect(definition.platforms == [try Platform("linux/arm64"), try Platform("linux/amd64")])
        #expect(definition.tag == "3.10-3")
        #expect(definition.debian?.acceptExpired == ["sid"])
        #expect(
            definition.debian?.acceptMissing == [
                .init(suite: "bookworm", architecture: "arm64"), .init(suite: "trixie-security", architecture: "arm64"),
            ])
        #expect(
            definition.debian?.packages == [
                .init(name: "libc6"), .init(name: "tzdata", withDependencies: false),
                .init(name: "foo", suites: ["sid"]),
            ])
        #expect(definition.groups == [.init(name: "etcd", id: 1000)])
        #expect(
            definition.users == [
                .init(name: "etcd", id: 1000, group: "etcd", home: "/var/lib/etcd", shell: "/usr/sbin/nologin")
            ])
        #expect(
            definition.directories == [
                .init(path: try EntryPath("var/lib/etcd"), mode: 0o700, owner: .init(user: 1000, group: 1000))
            ])
        #expect(definition.files.first?.source(for: try Platform("linux/ppc64le")) == "files/run-ppc64le")
        #expect(definition.files.first?.mode == 0o755)
        #expect(definition.links == [.init(path: try EntryPath("/bin/foo"), target: "bar")])
        #expect(definition.compression == .zstd)
        #expect(definition.platformSpecific == ["/lib64"])
        #expect(
            definition.annotations.mapValues(definition.expanding) == ["org.opencontainers.image.title": "etcd 3.10-3"])
    }

    @Test func `a bundle keeps versions as text and gives each version its programs`() throws {
        let bundle = try #require(try parsed(Self.whole).bundle)
        #expect(bundle.latest == "3.10")
        #expect(bundle.mode == 0o555)
        #expect(bundle.directory == (try EntryPath("/usr/local/bin")))
        #expect(bundle.programs(of: bundle.versions[0]).map(\.name) == ["etcd"])
        #expect(bundle.programs(of: bundle.versions[1]).map(\.name) == ["etcd", "etcdutl"])
    }

    @Test func `the configuration is read in the user's order`() throws {
        let config = try parsed(Self.whole).config
        #expect(config.user == "1000:1000")
        #expect(config.ports == ["2379/tcp", "53/udp"])
        #expect(config.environment == ["ZZZ=", "PATH=/bin", "VERSION=1.10"])
        #expect(config.command == ["--debug", "true"])
        #expect(config.workingDirectory == "/")
        #expect(
            config.healthcheck
                == .init(
                    test: ["CMD", "etcdctl", "endpoint"], interval: 90_000_000_000, timeout: 500_000_000,
                    startPeriod: 60_000_000_000, startInterval: 2_000_000_000, retries: 3))
    }

    @Test(arguments: ["\"0555\"", "0555", "555", "'00555'"]) func `a mode is octal in every spelling`(mode: String)
        throws
    {
        let definition = try parsed(head + "directories: [{path: /a, mode: \(mode)}]\n")
        #expect(definition.directories.first?.mode == 0o555)
    }

    @Test func `an image may consist of files alone`() throws {
        let definition = try parsed(head + "files: [{source: root, path: /opt/root}]\n")
        #expect(definition.debian == nil)
        #expect(definition.base == nil)
        #expect(definition.tag == "0")
        #expect(definition.files.first?.mode == nil)
    }

    @Test func `an image may have a base image by digest`() throws {
        let digest = "sha256:" + String(repeating: "0a", count: 32)
        let definition = try parsed(head + "base: {image: registry.example:5000/a/b:1, digest: \(digest)}\n")
        #expect(definition.base == .init(reference: "registry.example:5000/a/b:1", digest: try Digest(digest)))
        #expect(definition.needsLock)
        #expect(try parsed(head + "base: {image: \"oci:base\", digest: \(digest)}\n").base?.reference == "oci:base")
    }

    @Test func `a byte order mark and Windows line endings are accepted`() throws {
        let text = "\u{feff}" + head.replacing("\n", with: "\r\n")
        #expect(try parsed(text).name == "demo")
    }
}
