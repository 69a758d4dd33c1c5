import Foundation
import OCIModel
import Testing

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

extension EndToEnd {
    /// Linux and Windows in one index, built on Linux. Needs the network, wine64, file and binutils-mingw-w64-x86-64.
    @Suite struct WindowsTests {
        @Test func `one build makes Linux and three versions of Windows, each on its own base`() async throws {
            let built = try await WindowsBuild.shared.built()
            let index = try await index(built)
            #expect(
                index.manifests.map { $0.platform?.description } == [
                    "linux/amd64", "linux/arm64", "linux/ppc64le", "windows/amd64:10.0.17763.6414",
                    "windows/amd64:10.0.20348.2762", "windows/amd64:10.0.26100.2033",
                ])
            for entry in index.manifests.suffix(3) {
                let manifest = try read(Manifest.self, entry.digest, built)
                let config = try read(ImageConfig.self, manifest.config.digest, built)
                #expect(config.osVersion == entry.platform?.osVersion)
                #expect(config.config?.entrypoint == [#"C:\usr\local\bin\tool.exe"#, "--flag"])
                let base = try #require(manifest.layers.first)
                #expect(FileManager.default.fileExists(atPath: built.bases.blob(base.digest).path))
                #expect(
                    !FileManager.default.fileExists(atPath: blob(base.digest, built).path), "it stays with its base")
            }
        }

        @Test func `every node takes its own entry, and Windows imports every layer of it`() async throws {
            let built = try await WindowsBuild.shared.built()
            // With the base's layers at hand, whole images are imported.
            for name in built.fixture.names(built.bases.layout.appending(path: "blobs/sha256")) {
                let copy = built.fixture.folder.appending(path: "whole/blobs/sha256/\(name)")
                try FileManager.default.createDirectory(
                    at: copy.deletingLastPathComponent(), withIntermediateDirectories: true)
                try? FileManager.default.copyItem(
                    at: built.bases.layout.appending(path: "blobs/sha256/\(name)"), to: copy)
            }
            _ = try await built.fixture.succeed("build", "everywhere", "--all", "--offline", "--output", "oci:whole")
            let nodes = [
                ("linux/amd64", 0), ("linux/arm64", 1), ("linux/ppc64le", 2), ("windows:10.0.17763", 3),
                ("windows:10.0.20348", 4), ("windows:10.0.26100", 5),
            ]
            let index = try await index(built)
            for (node, place) in nodes {
                let text = try await built.fixture.succeed(
                    "inspect", "oci:whole", "--node", node, "--format", "json")
                let report = try #require(
                    try CanonicalJSON.decode([Report].self, from: Array(text.utf8)).first, "\(node)")
                #expect(report.selections.count == 2)
                for selection in report.selections {
                    #expect(selection.chosen == index.manifests[place].digest, "\(node) \(selection.engine)")
                }
                #expect(report.imports.count == (node.hasPrefix("windows") ? 3 : 0), "\(node)")
                for layer in report.imports {
                    #expect(layer.isHere && layer.refusal == nil, "\(node): \(layer.refusal ?? "a layer is not there")")
                }
            }
        }

        @Test func `nothing but the inputs decides the digest, on Windows too`() async throws {
            let built = try await WindowsBuild.shared.built()
            try await CommandLineFixture.scoped { fixture in
                for name in ["images", "bases"] {
                    try? FileManager.default.removeItem(at: fixture.folder.appending(path: name))
                    try FileManager.default.copyItem(
                        at: built.fixture.folder.appending(path: name), to: fixture.folder.appending(path: name))
                }
                // A store that has what was fetched, opened, and nothing that was made of it.
                try FileManager.default.createDirectory(
                    at: fixture.store.appending(path: "blobs"), withIntermediateDirectories: true)
                try await fixture.tool("cp", "-al", built.fixture.blobs.path, fixture.store.path + "/blobs/")
                try FileManager.default.createDirectory(
                    at: fixture.store.appending(path: "records"), withIntermediateDirectories: true)
                try FileManager.default.copyItem(
                    at: built.fixture.store.appending(path: "records/unpacked"),
                    to: fixture.store.appending(path: "records/unpacked"))
                var setting = fixture.setting
                setting.umask = "077"
                setting.oneCore = true
                setting.environment["TZ"] = "Pacific/Kiritimati"
                setting.environment["LC_ALL"] = "tr_TR.UTF-8"
                let ended = try await fixture.run("build", "everywhere", "--all", "--offline", in: setting)
                #expect(ended.line == built.digest, "\(ended.errors)")
                #expect(ended.errors.contains("compiling tool 1.2.3 for windows/amd64"), "\(ended.errors)")
            }
        }

        @Test func `a Windows base without the wanted version is refused, and nothing is tagged`() async throws {
            try await CommandLineFixture.scoped { fixture in
                _ = try WindowsBases(writingTo: fixture.folder.appending(path: "bases"))
                func definition(_ version: String) -> String {
                    """
                    schema: 1
                    name: later
                    platforms: [windows/amd64:\(version)]
                    windows: {base: "oci:../../bases"}
                    files: [{path: /tool/readme, text: hello}]

                    """
                }
                try fixture.write(definition("10.0.20348.1"), to: "images/later/image.yaml")
                let missing = try await fixture.run("build", "later", "--all")
                #expect(missing.status != 0)
                #expect(missing.output == "")
                #expect(missing.errors.contains("10.0.20348.1"), "\(missing.errors)")
                #expect(!FileManager.default.fileExists(atPath: fixture.layout("later").path))
                try fixture.write(definition("10.0.20348"), to: "images/later/image.yaml")
                _ = try await fixture.succeed("build", "later", "--all")
            }
        }

        @Test func `bases are read from a registry's mirror, and the lock keeps the registry's name`() async throws {
            try await CommandLineFixture.scoped { fixture in
                let bases = try WindowsBases(writingTo: fixture.folder.appending(path: "bases"))
                try fixture.write(
                    "schema: 1\nname: based\nplatforms: [windows/amd64]\nfiles: [{path: /tool/readme, text: hello}]\n",
                    to: "images/based/image.yaml")
                var setting = fixture.setting.cutOff()
                setting.environment["IMAGEBUILD_MIRRORS"] = "mcr.microsoft.com/=127.0.0.1:1/"
                let unreachable = try await fixture.run("lock", "based", in: setting)
                #expect(unreachable.status == 1)
                for part in ["mcr.microsoft.com/windows/nanoserver:", "127.0.0.1:1", "IMAGEBUILD_MIRRORS", "oci:DIR"] {
                    #expect(unreachable.errors.contains(part), "\(unreachable.errors)")
                }
                try await serving(fixture) { host in
                    for (release, _) in WindowsBases.versions {
                        try await fixture.tool(
                            "skopeo", "--insecure-policy", "copy", "--all", "--dest-tls-verify=false",
                            "oci:\(bases.layout.path):\(release)", "docker://\(host)/windows/nanoserver:\(release)")
                    }
                    setting.environment["IMAGEBUILD_MIRRORS"] = "mcr.microsoft.com/=\(host)/"
                    let locked = try await fixture.run("lock", "based", in: setting)
                    #expect(locked.status == 0, "\(locked.errors)")
                }
                let lock = try fixture.text("images/based/image.lock.json")
                #expect(lock.contains("mcr.microsoft.com/windows/nanoserver:ltsc2025"))
                #expect(!lock.contains("127.0.0.1"))
                // The pins are enough, once the configurations are in the store.
                let built = try await fixture.run("build", "based", "--all", "--locked", "--offline", in: setting)
                #expect(built.status == 0, "\(built.errors)")
            }
        }

        /// A registry on loopback, for the time of `body`.
        private func serving(_ fixture: CommandLineFixture, _ body: (String) async throws -> Void) async throws {
            let address = fixture.folder.appending(path: "address")
            try fixture.write(
                "#!/bin/sh\nexec '\(Program.imagebuild)' registry serve --port 0 --root registry > address\n",
                to: "serve")
            let server = try Program(["/bin/sh", "serve"], in: fixture.setting)
            var host = ""
            for _ in 0..<600 where host.isEmpty {
                let text = (try? String(contentsOf: address, encoding: .utf8)) ?? ""
                if text.hasSuffix("\n") { host = text.trimmingCharacters(in: .newlines) }
                try await Task.sleep(for: .milliseconds(50))
            }
            do {
                try #require(!host.isEmpty, "the registry does not start: \(server.errorsSoFar)")
                try await body(host.replacingOccurrences(of: "http://", with: ""))
            } catch {
                server.signal(SIGKILL)
                _ = try await server.ended()
                throw error
            }
            server.signal(SIGKILL)
            _ = try await server.ended()
        }

        @Test func `the programs are Windows', and run under wine`() async throws {
            let built = try await WindowsBuild.shared.built()
            try await CommandLineFixture.scoped { fixture in
                let index = try await index(built)
                let manifest = try read(Manifest.self, try #require(index.manifests.last).digest, built)
                for layer in manifest.layers.dropFirst() {
                    try await fixture.tool("tar", "xzf", blob(layer.digest, built).path, "--no-same-owner")
                }
                for name in ["tool.exe", "tool-1.2.3.exe", "migrate.exe"] {
                    let kind = try await fixture.tool("file", "--brief", "Files/usr/local/bin/\(name)")
                    #expect(kind.hasPrefix("PE32+ executable (console) x86-64"), "\(name): \(kind)")
                }
                let wine = try await Wine(fixture)
                let tool = try await wine.run("tool.exe")
                #expect(tool.status == 0 && tool.errors.contains("tool version: 1.2.3"), "\(tool.errors)")
                let migrate = try await wine.run("migrate.exe", "--help")
                #expect(
                    migrate.status == 0 && migrate.output.contains("migrate [run] [FLAGS]"),
                    "\(migrate.output)\(migrate.errors)")
            }
        }

        private func blob(_ digest: Digest, _ built: WindowsBuild.Result) -> URL {
            built.fixture.layout("everywhere").appending(path: "blobs/sha256/\(digest.hex)")
        }

        private func read<Document: Decodable>(
            _ type: Document.Type, _ digest: Digest, _ built: WindowsBuild.Result
        ) throws -> Document {
            try CanonicalJSON.decode(type, from: Array(Data(contentsOf: blob(digest, built))))
        }

        private func index(_ built: WindowsBuild.Result) async throws -> Index {
            try read(Index.self, Digest(built.digest), built)
        }

        /// What `inspect --node --format json` prints, as far as it matters here.
        private struct Report: Decodable {
            struct Selection: Decodable {
                var engine: String
                var chosen: Digest?
            }
            struct Import: Decodable {
                var refusal: String?
                var isHere: Bool
            }
            var selections: [Selection]
            var imports: [Import]
        }
    }
}
