import Foundation
import OCIModel
import TestSupport
import Testing

extension NetworkTests {
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
                // Docker's and containerd's, which for Windows has an older rule and a newer one.
                #expect(report.selections.count == (node.hasPrefix("windows") ? 3 : 2))
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
