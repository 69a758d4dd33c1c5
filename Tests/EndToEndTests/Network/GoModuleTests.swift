import Foundation
import TestSupport
import Testing

extension NetworkTests {
    /// Programs of published Go modules, through a module proxy on loopback. Needs the network for Debian's Go.
    @Suite struct GoModuleTests {
        private static let definition = """
            schema: 1
            name: published
            platforms: [linux/\(Architecture.native)]
            bundle:
              directory: /usr/local/bin
              mode: "0555"
              programs:
                tool: {go: .}
                check: {go: ./cmd/check}
              go: {module: "example.org/Tool@v${version}"}
              versions:
                - {version: 1.2.3}
            go-toolchain: {package: golang-1.24, suites: [trixie]}

            """

        /// Writes modules as a proxy has them (Go's reference, "GOPROXY protocol"): `word` is what the dependency says.
        private static let modules = """
            import json, os, sys, zipfile
            root, word = sys.argv[1:]
            def publish(path, version, files, mod):
                escaped = ''.join('!' + c.lower() if c.isupper() else c for c in path)
                folder = os.path.join(root, escaped, '@v')
                os.makedirs(folder, exist_ok=True)
                with open(os.path.join(folder, 'list'), 'w') as out: out.write(version + '\\n')
                with open(os.path.join(folder, version + '.info'), 'w') as out: json.dump({'Version': version}, out)
                with open(os.path.join(folder, version + '.mod'), 'w') as out: out.write(mod)
                with zipfile.ZipFile(os.path.join(folder, version + '.zip'), 'w') as out:
                    for name, text in {**files, 'go.mod': mod}.items():
                        out.writestr(zipfile.ZipInfo(f'{path}@{version}/{name}'), text)
            publish('example.org/Word', 'v0.1.0', {'word.go': f'package word\\nconst Word = "{word}"\\n'},
                    'module example.org/Word\\n\\ngo 1.18\\n')
            main = 'package main\\nimport word "example.org/Word"\\nvar Version = "1.2.3"\\nfunc main() { println(%s) }\\n'
            publish('example.org/Tool', 'v1.2.3',
                    {'main.go': main % 'word.Word, Version', 'cmd/check/main.go': main % '"check", Version, word.Word'},
                    'module example.org/Tool\\n\\ngo 1.18\\n\\nrequire example.org/Word v0.1.0\\n')
            """

        @Test func `published modules are pinned with all they need, compiled without a network, and never change`()
            async throws
        {
            let etcd = try await ArchiveBuild.shared.built()
            try await CommandLineFixture.scoped { fixture in
                var fixture = fixture
                // It has the toolchain.
                fixture.store = etcd.fixture.store
                let root = fixture.folder.appending(path: "web")
                func publish(_ word: String) async throws {
                    try await fixture.tool("python3", "-c", Self.modules, root.path + "/modules", word)
                }
                try await publish("hello")
                try fixture.write(Self.definition, to: "images/published/image.yaml")
                try await Mirror.serving(root, fixture) { mirror in
                    var setting = fixture.setting
                    setting.environment["GOPROXY"] = mirror.url.replacingOccurrences(of: "/debian", with: "/modules")
                    setting.environment["NO_PROXY"] = "127.0.0.1"
                    let locked = try await fixture.run("lock", "published", in: setting)
                    try #require(locked.status == 0, "\(locked.errors)")
                    #expect(locked.errors.contains("without a database of sums"), "\(locked.errors)")
                    let lock = try fixture.text("images/published/image.lock.json")
                    #expect(!lock.contains("127.0.0.1"), "a lock names no proxy")
                    for part in [
                        "example.org/!tool/@v/v1.2.3.zip", "example.org/!word/@v/v0.1.0.zip",
                        "example.org/Tool v1.2.3 h1:", "example.org/Word v0.1.0 h1:",
                    ] { #expect(lock.contains(part), "\(part)") }
                    let digest = try await fixture.succeed("build", "published", "--locked", in: setting)
                    try await expectProgram("hello", fixture)

                    // Compiled anew with nothing but the store.
                    for kind in ["go", "layers", "builds"] {
                        try FileManager.default.removeItem(at: fixture.store.appending(path: "records/\(kind)"))
                    }
                    let again = try await fixture.run(
                        "build", "published", "--offline", in: fixture.setting.cutOff())
                    #expect(again.line == digest, "\(again.errors)")
                    #expect(again.errors.contains("compiling tool 1.2.3"), "\(again.errors)")

                    // The proxy has other bytes for the same version now.
                    try await publish("goodbye")
                    let relocked = try await fixture.run("lock", "published", in: setting)
                    #expect(relocked.status != 0)
                    #expect(relocked.errors.contains("has changed since it was locked"), "\(relocked.errors)")
                    #expect(try fixture.text("images/published/image.lock.json") == lock)
                    try await CommandLineFixture.scoped { other in
                        try FileManager.default.removeItem(at: other.folder.appending(path: "images"))
                        try FileManager.default.copyItem(
                            at: fixture.folder.appending(path: "images"), to: other.folder.appending(path: "images"))
                        var there = other.setting
                        there.environment.merge(setting.environment) { $1 }
                        let refused = try await other.run("build", "published", "--locked", in: there)
                        #expect(refused.status != 0)
                        #expect(refused.errors.contains("example.org/!word/@v/v0.1.0.zip"), "\(refused.errors)")
                        #expect(!FileManager.default.fileExists(atPath: other.layout("published").path))
                    }
                }
            }
        }

        /// The image's programs say what their source says.
        private func expectProgram(_ word: String, _ fixture: CommandLineFixture) async throws {
            try await fixture.tool("mkdir", "root")
            for name in fixture.names(fixture.layout("published").appending(path: "blobs/sha256")) {
                let blob = fixture.layout("published").appending(path: "blobs/sha256/\(name)").path
                _ = try await Program.run(["tar", "xzf", blob, "-C", "root"], in: fixture.setting)
            }
            let tool = try await Program.run(["root/usr/local/bin/tool"], in: fixture.setting)
            #expect(tool.errors == "\(word) 1.2.3\n")
            let check = try await Program.run(["root/usr/local/bin/check-1.2.3"], in: fixture.setting)
            #expect(check.errors == "check 1.2.3 \(word)\n")
        }
    }
}
