import Foundation
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// One platform's root filesystem, unpacked by umoci.
enum Unpacked {
    /// Unpacks the image for one test.
    static func using(
        _ architecture: Architecture, _ body: (CommandLineFixture, _ root: URL) async throws -> Void
    ) async throws {
        let built = try await ArchiveBuild.shared.built()
        try await CommandLineFixture.scoped { fixture in
            let layout = built.fixture.layout("etcd")
            // umoci takes the first platform of an index: give it one alone.
            try await fixture.tool(
                "skopeo", "--insecure-policy", "--override-arch", architecture.rawValue, "copy",
                "oci:\(layout.path):\(try await tag(built))", "oci:one:it")
            try await fixture.tool("umoci", "unpack", "--rootless", "--image", "one:it", "bundle")
            try await body(fixture, fixture.folder.appending(path: "bundle/rootfs"))
        }
    }

    /// Runs a program of the image.
    static func run(_ command: [String], _ fixture: CommandLineFixture, _ architecture: Architecture) async throws
        -> Ended
    {
        try await Program.run(command, in: setting(fixture, architecture))
    }

    static func setting(_ fixture: CommandLineFixture, _ architecture: Architecture) -> Setting {
        var setting = fixture.setting
        setting.environment["ETCDCTL_API"] = "3"
        // etcd 3.4 asks for a word of consent everywhere but on amd64.
        if architecture != .amd64 { setting.environment["ETCD_UNSUPPORTED_ARCH"] = architecture.rawValue }
        return setting
    }

    private static func tag(_ built: ArchiveBuild.Result) async throws -> String {
        let text = try await built.fixture.succeed("inspect", "etcd")
        return try #require(text.split(separator: " ").first.map(String.init))
    }
}

/// An etcd of the unpacked image on free ports of loopback, with its data in the test's folder.
struct RunningEtcd {
    var fixture: CommandLineFixture
    var root: URL
    var architecture: Architecture
    var version: String

    typealias Client = ([String]) async throws -> String

    /// Starts it, waits until it answers, runs `body`, and ends it as a person would.
    func serving(_ body: (Client) async throws -> Void) async throws {
        let (client, peer) = (try freePort(), try freePort())
        let (url, peers) = ("http://127.0.0.1:\(client)", "http://127.0.0.1:\(peer)")
        let server = try Program(
            program("etcd") + [
                "--data-dir", fixture.folder.appending(path: "data").path, "--listen-client-urls", url,
                "--advertise-client-urls", url, "--listen-peer-urls", peers, "--initial-advertise-peer-urls", peers,
                "--initial-cluster", "default=\(peers)",
            ], in: Unpacked.setting(fixture, architecture))
        do {
            try await until {
                server.errorsSoFar.contains("ready to serve client requests")
            }
            try await body { arguments in
                let command = try program("etcdctl") + ["--endpoints", url, "--command-timeout", "60s"] + arguments
                let ended = try await Unpacked.run(command, fixture, architecture)
                #expect(ended.status == 0, "\(ended.errors)\(server.errorsSoFar)")
                return ended.line
            }
        } catch {
            server.signal(SIGKILL)
            _ = try await server.ended()
            throw error
        }
        server.signal(SIGTERM)
        _ = try await server.ended()
    }

    private func program(_ name: String) throws -> [String] {
        try architecture.launcher(root) + [root.appending(path: "usr/local/bin/\(name)-\(version)").path]
    }

    /// A port that nobody listens on at this moment.
    private func freePort() throws -> UInt16 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let found = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
            }
        }
        try #require(found, "no free port")
        return UInt16(bigEndian: address.sin_port)
    }
}
