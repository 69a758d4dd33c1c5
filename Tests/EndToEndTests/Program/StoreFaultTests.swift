import Foundation
import ImageDefinition
import OCIModel
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

extension ProgramTests {
    /// A store that is damaged, full or not to be written: never a wrong image.
    @Suite struct StoreFaultTests {
        /// A blob of the store by what it is.
        enum Part: String, CaseIterable, Sendable { case package, spool, layer, document }

        @Test(arguments: Part.allCases)
        func `a damaged blob is named, never used, and healed by a repair`(_ part: Part) async throws {
            try await CommandLineFixture.scoped { fixture in
                let tiny = try await TinyImage(fixture)
                try tiny.fillStore()
                let digest = try await fixture.succeed("build", "tiny", "--all", "--offline")
                let damaged = try blob(part, of: tiny)
                try flipByte(of: damaged)
                if part == .package || part == .spool {
                    // Whoever made the layers no longer needs it: only a new layer does.
                    try fixture.write("changed\n", to: "images/tiny/hello.txt")
                    try FileManager.default.removeItem(at: fixture.store.appending(path: "records/layers"))
                }
                if part == .package {
                    try FileManager.default.removeItem(at: fixture.store.appending(path: "records/unpacked"))
                }
                let ended = try await fixture.run("build", "tiny", "--all", "--offline")
                #expect(ended.status == 1, "\(part): \(ended.output)")
                #expect(ended.output == "")
                #expect(ended.errors.contains(damaged.lastPathComponent), "\(ended.errors)")
                #expect(ended.errors.contains("store verify --repair"), "\(ended.errors)")
                let verified = try await fixture.run("store", "verify", "--repair")
                #expect(verified.status == 1)
                #expect(verified.errors.contains(damaged.lastPathComponent), "\(verified.errors)")
                if part == .package { try tiny.fillStore() }
                try fixture.write("hello\n", to: "images/tiny/hello.txt")
                #expect(try await fixture.succeed("build", "tiny", "--all", "--offline") == digest)
                try await fixture.expectWhole("tiny")
                #expect(try await fixture.run("store", "verify").status == 0)
            }
        }

        @Test func `a damaged layer does not get into another layout`() async throws {
            try await CommandLineFixture.scoped { fixture in
                let tiny = try await TinyImage(fixture)
                try tiny.fillStore()
                _ = try await fixture.succeed("build", "tiny", "--offline")
                try flipByte(of: try blob(.layer, of: tiny))
                for output in ["oci:other", "oci-archive:other.tar", "docker-archive:docker.tar"] {
                    let ended = try await fixture.run("build", "tiny", "--offline", "--output", output)
                    #expect(ended.status == 1, "\(output)")
                    #expect(ended.errors.contains("is damaged"), "\(ended.errors)")
                }
                #expect(!fixture.names(fixture.folder.appending(path: "other")).contains("index.json"))
                #expect(!fixture.names(fixture.folder).contains { $0.hasSuffix(".tar") })
            }
        }

        @Test func `a layer that somebody changed in the layout alone is replaced`() async throws {
            try await CommandLineFixture.scoped { fixture in
                let tiny = try await TinyImage(fixture)
                try tiny.fillStore()
                let digest = try await fixture.succeed("build", "tiny", "--offline")
                let name = try blob(.layer, of: tiny).lastPathComponent
                let file = fixture.layout("tiny").appending(path: "blobs/sha256/\(name)")
                try FileManager.default.removeItem(at: file)
                try FileManager.default.copyItem(at: fixture.blobs.appending(path: name), to: file)
                try flipByte(of: file)
                #expect(try await fixture.succeed("build", "tiny", "--offline") == digest)
                try await fixture.expectWhole("tiny")
            }
        }

        @Test func `unfinished files of a dead build disturb nobody and are swept away`() async throws {
            try await CommandLineFixture.scoped { fixture in
                let tiny = try await TinyImage(fixture)
                try tiny.fillStore()
                let digest = try await fixture.succeed("build", "tiny", "--offline")
                try FileManager.default.removeItem(at: fixture.store.appending(path: "records"))
                let half = tiny.packages[0].sha256.hex
                try fixture.write("half", to: "store/tmp/new-1")
                try fixture.write("half", to: "store/tmp/new-2/usr/bin/etcd")
                try fixture.write("half", to: "store/tmp/download-\(half)")
                #expect(try await fixture.succeed("build", "tiny", "--offline") == digest)
                _ = try await fixture.succeed("store", "gc")
                #expect(fixture.temporaries == [])
                #expect(try await fixture.succeed("build", "tiny", "--offline") == digest)
            }
        }

        @Test func `a store with a typing error is not made by those who look after one`() async throws {
            try await CommandLineFixture.scoped { fixture in
                for command in ["gc", "verify"] {
                    let ended = try await fixture.run("store", command, "--store", "stoer")
                    #expect(ended.status == 1 && ended.errors.contains("there is no store at"), "\(ended.errors)")
                }
                #expect(!fixture.names(fixture.folder).contains("stoer"))
            }
        }

        @Test func `a store that a server has as its root is not collected`() async throws {
            try await CommandLineFixture.scoped { fixture in
                try await TinyImage(fixture).fillStore()
                let (program, address) = try await fixture.serve("--root", "store")
                let copied = try await fixture.run("build", "tiny", "--offline")
                #expect(copied.status == 0, "\(copied.errors)")
                let place = address.replacing("http://", with: "")
                _ = try await fixture.succeed("copy", "oci:.imagebuild/oci/tiny", "\(place)/a/b:v1")
                let refused = try await fixture.run("store", "gc", "--unused-for", "0")
                #expect(refused.status == 1 && refused.errors.contains("is at work there"), "\(refused.errors)")
                program.signal(SIGTERM)
                _ = try await program.ended()
                _ = try await fixture.succeed("store", "gc", "--unused-for", "0")
            }
        }

        @Test func `folders of others are no store, and lose nothing`() async throws {
            try await CommandLineFixture.scoped { fixture in
                let tiny = try await TinyImage(fixture)
                try tiny.fillStore()
                for file in ["blobs/sha256/\(String(repeating: "1", count: 64))", "tmp/mine/precious", "ingest/x"] {
                    try fixture.write("precious", to: "foreign/\(file)")
                }
                for command in [["store", "gc", "--unused-for", "0"], ["store", "verify", "--repair"]] {
                    let ended = try await fixture.start(command + ["--store", "foreign"], in: nil).ended()
                    #expect(ended.status == 1 && ended.errors.contains("there is no store at"), "\(ended.errors)")
                }
                let build = try await fixture.run("build", "tiny", "--offline", "--store", "foreign")
                #expect(build.status == 1 && build.errors.contains("it has other things in it"), "\(build.errors)")
                let serve = try await fixture.run("registry", "serve", "--root", "foreign", "--port", "0")
                #expect(serve.status == 1 && serve.errors.contains("it has other things in it"), "\(serve.errors)")
                #expect(try fixture.text("foreign/tmp/mine/precious") == "precious")
                let names = fixture.names(fixture.folder.appending(path: "foreign"))
                #expect(names.sorted() == ["blobs", "ingest", "tmp"])
            }
        }

        @Test func `the root of a registry is looked after, too`() async throws {
            try await CommandLineFixture.scoped { fixture in
                try await TinyImage(fixture).fillStore()
                _ = try await fixture.succeed("build", "tiny", "--offline")
                let (program, address) = try await fixture.serve("--root", "registry")
                let place = address.replacing("http://", with: "")
                _ = try await fixture.succeed("copy", "oci:.imagebuild/oci/tiny", "\(place)/a/b:v1")
                program.signal(SIGTERM)
                _ = try await program.ended()
                #expect(try await fixture.run("store", "verify", "--store", "registry").status == 0)
                let blobs = fixture.folder.appending(path: "registry/blobs/sha256")
                let one = try #require(fixture.names(blobs).first)
                try flipByte(of: blobs.appending(path: one))
                let found = try await fixture.run("store", "verify", "--repair", "--store", "registry")
                #expect(found.status == 1 && found.errors.contains(one), "\(found.errors)")
                #expect(try await fixture.run("store", "verify", "--store", "registry").status == 0)
            }
        }

        @Test func `a layout is not served`() async throws {
            try await CommandLineFixture.scoped { fixture in
                try await TinyImage(fixture).fillStore()
                _ = try await fixture.succeed("build", "tiny", "--offline")
                let ended = try await fixture.run("registry", "serve", "--root", ".imagebuild/oci/tiny", "--port", "0")
                #expect(ended.status == 1 && ended.errors.contains("it is an OCI layout"), "\(ended.errors)")
                #expect(!fixture.names(fixture.layout("tiny")).contains("repositories"))
            }
        }

        @Test func `a store that cannot be made is refused with the way out`() async throws {
            try await CommandLineFixture.scoped { fixture in
                let tiny = try await TinyImage(fixture)
                try tiny.fillStore()
                try fixture.write("", to: "file")
                let ended = try await fixture.run("build", "tiny", "--offline", "--store", "file/store")
                #expect(ended.status == 1)
                #expect(ended.errors.contains("cannot create the folder"), "\(ended.errors)")
                #expect(ended.errors.contains("hint: "), "\(ended.errors)")
                let output = try await fixture.run("build", "tiny", "--offline", "--output", "oci:file/layout")
                #expect(output.status == 1)
                #expect(output.errors.contains("file/layout"), "\(output.errors)")
            }
        }

        @Test(.enabled(if: geteuid() != 0, "root may write everywhere"))
        func `a store without write permission is refused with the way out`() async throws {
            try await CommandLineFixture.scoped { fixture in
                _ = try await TinyImage(fixture)
                try fixture.write("", to: "closed/file")
                try await fixture.tool("chmod", "0555", "closed")
                let ended = try await fixture.run("build", "tiny", "--offline", "--store", "closed/store")
                #expect(ended.status == 1)
                #expect(ended.errors.contains("hint: choose a writable folder"), "\(ended.errors)")
                try await fixture.tool("chmod", "0755", "closed")
            }
        }

        private func blob(_ part: Part, of tiny: TinyImage) throws -> URL {
            let fixture = tiny.fixture
            let layout = Set(fixture.names(fixture.layout("tiny").appending(path: "blobs/sha256")))
            let packages = Set(tiny.packages.map(\.sha256.hex))
            func size(_ name: String) -> Int {
                (try? fixture.blobs.appending(path: name).resourceValues(forKeys: [.fileSizeKey]).fileSize) ?? 0
            }
            let all = fixture.names(fixture.blobs).sorted { size($0) > size($1) }
            let found: String? =
                switch part {
                case .package: all.first { packages.contains($0) }
                case .spool: all.first { !packages.contains($0) && !layout.contains($0) }
                case .layer: all.first { layout.contains($0) }
                case .document: all.last { layout.contains($0) && size($0) > 300 }
                }
            return fixture.blobs.appending(path: try #require(found))
        }
    }
}
