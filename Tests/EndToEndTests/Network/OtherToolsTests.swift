import Foundation
import OCIModel
import TestSupport
import Testing

extension NetworkTests {
    /// What other programs make of the image from the real archive. Needs the network, skopeo, umoci and qemu-user-static.
    @Suite struct OtherToolsTests {
        @Test func `skopeo reads the index and every platform`() async throws {
            let built = try await ArchiveBuild.shared.built()
            let image = "oci:\(built.fixture.layout("etcd").path):\(try await tag(built))"
            let raw = try await built.fixture.tool("skopeo", "inspect", "--raw", image)
            #expect(raw.contains("application/vnd.oci.image.index.v1+json"))
            for architecture in Architecture.allCases {
                let text = try await built.fixture.tool(
                    "skopeo", "--override-arch", architecture.rawValue, "inspect", image)
                #expect(text.contains("\"Architecture\": \"\(architecture)\""), "\(text)")
                #expect(text.contains("\"org.opencontainers.image.title\": \"etcd\""), "\(text)")
            }
        }

        @Test func `skopeo copies every platform, bytes unchanged`() async throws {
            let built = try await ArchiveBuild.shared.built()
            try await CommandLineFixture.scoped { fixture in
                let image = "oci:\(built.fixture.layout("etcd").path):\(try await tag(built))"
                try await fixture.tool(
                    "skopeo", "--insecure-policy", "copy", "--all", "--preserve-digests", image, "dir:copy")
                let copied = try Data(contentsOf: fixture.folder.appending(path: "copy/manifest.json"))
                #expect("sha256:\(Digest(of: copied).hex)" == built.digest)
                let blobs = Set(built.fixture.names(built.fixture.layout("etcd").appending(path: "blobs/sha256")))
                #expect(
                    blobs.isSubset(
                        of: fixture.names(fixture.folder.appending(path: "copy")) + [built.digest.hexadecimal]
                            + manifests(in: fixture.folder.appending(path: "copy"))))
            }
        }

        @Test func `skopeo reads the archives, and finds the same image in them`() async throws {
            let built = try await ArchiveBuild.shared.built()
            try await CommandLineFixture.scoped { fixture in
                let (layout, docker) = (fixture.folder.path + "/layout.tar", fixture.folder.path + "/docker.tar")
                let digest = try await built.fixture.succeed(
                    "build", "etcd", "--all", "--offline", "--output", "oci-archive:\(layout)")
                #expect(digest == built.digest)
                _ = try await built.fixture.succeed(
                    "build", "etcd", "--arch", "arm64", "--offline", "--output", "docker-archive:\(docker)")
                try await fixture.tool(
                    "skopeo", "--insecure-policy", "copy", "--all", "oci-archive:\(layout)", "dir:copy")
                let copied = try Data(contentsOf: fixture.folder.appending(path: "copy/manifest.json"))
                #expect("sha256:\(Digest(of: copied).hex)" == built.digest)
                let text = try await fixture.tool("skopeo", "inspect", "--config", "docker-archive:\(docker)")
                #expect(text.contains("arm64"), "\(text)")
                let again = try await fixture.tool("skopeo", "inspect", "docker-archive:\(docker)")
                #expect(again.contains("etcd"), "\(again)")
            }
        }

        @Test(arguments: Architecture.allCases)
        func `umoci unpacks it, and what is there is what the layers say`(_ architecture: Architecture) async throws {
            try await Unpacked.using(architecture) { fixture, root in
                let bin = root.appending(path: "usr/local/bin")
                let names = [
                    "etcd", "etcd-3.4.23", "etcd-3.5.16", "etcdctl", "etcdctl-3.4.23", "etcdctl-3.5.16", "etcdutl",
                    "etcdutl-3.5.16", "migrate", "migrate-if-needed.sh",
                ]
                #expect(fixture.names(bin) == names)
                for name in names { #expect(try status(bin, name).mode == 0o555, "\(name)") }
                for program in ["etcd", "etcdctl", "etcdutl"] {
                    #expect(
                        try status(bin, program).inode == status(bin, "\(program)-3.5.16").inode,
                        "\(program) is a hard link")
                }
                #expect(try status(bin, "etcd").inode != status(bin, "etcd-3.4.23").inode)
                for link in ["bin", "sbin", "lib"] {
                    let target = try FileManager.default.destinationOfSymbolicLink(
                        atPath: root.appending(path: link).path)
                    #expect(target == "usr/\(link)")
                }
                #expect(try status(root, "tmp").mode == 0o1777)
                #expect(try status(root, "etc/passwd").mode == 0o644)
                let certificates = try String(
                    contentsOf: root.appending(path: "etc/ssl/certs/ca-certificates.crt"), encoding: .utf8)
                #expect(certificates.components(separatedBy: "BEGIN CERTIFICATE").count > 100)
                #expect(try status(root, "usr/share/zoneinfo/Europe/Berlin").size > 100)
            }
        }

        @Test(arguments: Architecture.allCases)
        func `every program says the version in its name`(_ architecture: Architecture) async throws {
            try await Unpacked.using(architecture) { fixture, root in
                let bin = root.appending(path: "usr/local/bin")
                for name in fixture.names(bin) where name.hasPrefix("etcd") {
                    let version = name.split(separator: "-").dropFirst().first.map(String.init) ?? "3.5.16"
                    let asked = name.hasPrefix("etcdctl") || name.hasPrefix("etcdutl") ? "version" : "--version"
                    let command = try architecture.launcher(root) + [bin.appending(path: name).path, asked]
                    let text = try await Unpacked.run(command, fixture, architecture)
                    #expect(text.output.contains(version), "\(name): \(text.output)\(text.errors)")
                }
            }
        }

        @Test(arguments: Architecture.allCases)
        func `the unpacked shell and etcd run in a chroot`(_ architecture: Architecture) async throws {
            // Changing the root takes root, and a foreign program in it an interpreter that the kernel knows.
            guard geteuid() == 0, architecture == .native else { return }
            try await Unpacked.using(architecture) { fixture, root in
                let shell = try await fixture.tool(
                    "chroot", root.path, "/bin/sh", "-c", "etcd-3.4.23 --version && id 2>&1; true")
                #expect(shell.contains("etcd Version: 3.4.23"), "\(shell)")
            }
        }

        @Test(arguments: Architecture.allCases, ["3.4.23", "3.5.16"])
        func `etcd starts, keeps a value, and has it after a restart`(
            _ architecture: Architecture, _ version: String
        ) async throws {
            // Under emulation one version is enough: what differs is the architecture.
            guard architecture == .native || version == "3.5.16" else { return }
            try await Unpacked.using(architecture) { fixture, root in
                let etcd = RunningEtcd(fixture: fixture, root: root, architecture: architecture, version: version)
                try await etcd.serving { client in
                    let stored = try await client(["put", "key", "a value"])
                    #expect(stored == "OK")
                    let found = try await client(["get", "key"])
                    #expect(found == "key\na value")
                }
                try await etcd.serving { client in
                    let found = try await client(["get", "key"])
                    #expect(found == "key\na value")
                }
            }
        }

        @Test func `migrate takes a data directory up and down again, in the image itself`() async throws {
            // Changing the root takes root.
            guard geteuid() == 0 else { return }
            try await Unpacked.using(.native) { fixture, root in
                let data = fixture.folder.appending(path: "data")
                let inside = root.appending(path: "var/lib/data")
                try await fixture.tool("mknod", "-m", "666", root.appending(path: "dev/null").path, "c", "1", "3")
                func etcd(_ version: String) -> RunningEtcd {
                    RunningEtcd(fixture: fixture, root: root, architecture: .native, version: version)
                }
                func migrate(to version: String) async throws {
                    try FileManager.default.moveItem(at: data, to: inside)
                    let peers = "http://127.0.0.1:2380"
                    try await fixture.tool(
                        "env", "-i", "PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                        "TARGET_STORAGE=etcd3", "TARGET_VERSION=\(version)", "DATA_DIRECTORY=/var/lib/data",
                        "ETCD_NAME=default", "INITIAL_CLUSTER=default=\(peers)", "LISTEN_PEER_URLS=\(peers)",
                        "INITIAL_ADVERTISE_PEER_URLS=\(peers)", "DO_NOT_MOVE_BINARIES=true", "chroot", root.path,
                        "/usr/local/bin/migrate-if-needed.sh")
                    let state = try String(contentsOf: inside.appending(path: "version.txt"), encoding: .utf8)
                    #expect(state.hasPrefix("\(version)/etcd3"))
                    try FileManager.default.moveItem(at: inside, to: data)
                }
                try await etcd("3.4.23").serving { client in _ = try await client(["put", "key", "old"]) }
                try Data("3.4.23/etcd3".utf8).write(to: data.appending(path: "version.txt"))
                try await migrate(to: "3.5.16")
                try await etcd("3.5.16").serving { client in
                    let kept = try await client(["get", "key"])
                    #expect(kept == "key\nold")
                    _ = try await client(["put", "key", "new"])
                }
                try await migrate(to: "3.4.23")
                try await etcd("3.4.23").serving { client in
                    let kept = try await client(["get", "key"])
                    #expect(kept == "key\nnew")
                }
            }
        }

        private func tag(_ built: ArchiveBuild.Result) async throws -> String {
            let text = try await built.fixture.succeed("inspect", "etcd")
            return try #require(text.split(separator: " ").first.map(String.init))
        }

        private func manifests(in folder: URL) -> [String] {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
            return names.compactMap { $0.hasSuffix(".manifest.json") ? String($0.prefix(64)) : nil }
        }

        private func status(_ folder: URL, _ name: String) throws -> (mode: UInt32, inode: UInt64, size: Int) {
            let file = try FileManager.default.attributesOfItem(atPath: folder.appending(path: name).path)
            let mode = try #require(file[.posixPermissions] as? Int, "\(name) has no mode")
            let inode = try #require(file[.systemFileNumber] as? Int, "\(name) has no number")
            return (UInt32(mode), UInt64(inode), try #require(file[.size] as? Int))
        }
    }
}

extension String {
    /// A digest without its algorithm.
    fileprivate var hexadecimal: String { String(split(separator: ":").last ?? "") }
}
