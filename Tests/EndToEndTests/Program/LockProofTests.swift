import Foundation
import ImageDefinition
import OCIModel
import TestSupport
import Testing

extension ProgramTests {
    /// Who signs what an image is made of, and what happens if nobody did.
    @Suite struct LockProofTests {
        @Test func `a lock of an archive with its own key holds, and builds, for whoever trusts that key`() async throws
        {
            try await CommandLineFixture.scoped { fixture in
                let tiny = try await TinyImage(fixture)
                try await Mirror.serving(tiny.mirror, fixture) { mirror in
                    let setting = mirror.setting(fixture)
                    let lock = fixture.folder.appending(path: "images/tiny/image.lock.json")
                    let crafted = try Data(contentsOf: lock)
                    _ = try await fixture.succeed("lock", "tiny", in: setting)
                    #expect(try Data(contentsOf: lock) == crafted)
                    _ = try await fixture.succeed("lock", "tiny", "--check", "--offline", in: setting)
                    // What was locked here is proven: nothing of it is asked for again.
                    let built = try await fixture.run("build", "tiny", "--locked", in: setting)
                    #expect(built.status == 0 && !built.errors.contains("proving"), "\(built.errors)")
                    // Whoever trusts Debian's own keys alone gets nothing, though the store remembers the image.
                    try FileManager.default.removeItem(at: fixture.keyring)
                    let refused = try await fixture.run("build", "tiny", "--locked", in: setting)
                    #expect(refused.status != 0)
                    #expect(refused.errors.contains("not signed by a key of the Debian archive"), "\(refused.errors)")
                }
            }
        }

        @Test func `a lock without its indexes is proven by fetching them, once`() async throws {
            try await CommandLineFixture.scoped { fixture in
                let tiny = try await TinyImage(fixture)
                try await Mirror.serving(tiny.mirror, fixture) { mirror in
                    let setting = mirror.setting(fixture)
                    let first = try await fixture.run("build", "tiny", in: setting)
                    #expect(first.status == 0)
                    #expect(first.errors.contains("proving the lock"), "\(first.errors)")
                    try fixture.write("hello again\n", to: "images/tiny/hello.txt")
                    let second = try await fixture.run("build", "tiny", "--offline", in: setting)
                    #expect(second.status == 0)
                    #expect(!second.errors.contains("proving the lock"), "\(second.errors)")
                }
            }
        }

        /// A package that nobody signed, with its lock and its kept stanza made to fit.
        @Test(arguments: [["--offline"], ["--locked"], []])
        func `a forged package is not built, however well its lock fits`(arguments: [String]) async throws {
            try await CommandLineFixture.scoped { fixture in
                let tiny = try await TinyImage(fixture)
                try tiny.fillStore()
                try fixture.write("forged", to: "packages/alpha/usr/share/alpha/text")
                try await fixture.tool("dpkg-deb", "--root-owner-group", "-Zgzip", "--build", "packages/alpha", "f.deb")
                let forged = try await Program.run(["sha256sum", "f.deb"], in: fixture.setting).line.prefix(64)
                try FileManager.default.copyItem(
                    at: fixture.folder.appending(path: "f.deb"), to: fixture.blobs.appending(path: String(forged)))
                let size = try Data(contentsOf: fixture.folder.appending(path: "f.deb")).count
                let alpha = try #require(tiny.packages.first)
                let stanzas = ["amd64", "ppc64el"].map {
                    "images/tiny/lock/debian/dists/trixie/main/binary-\($0)/Packages.xz.stanzas"
                }
                for file in ["images/tiny/image.lock.json"] + stanzas {
                    let text = try fixture.text(file).replacing(alpha.sha256.hex, with: forged)
                        .replacing(" \(alpha.size)\n", with: " \(size)\n")
                        .replacing(" \(alpha.size),", with: " \(size),")
                    try fixture.write(text, to: file)
                }
                try await Mirror.serving(tiny.mirror, fixture) { mirror in
                    let ended = try await fixture.start(
                        ["build", "tiny", "--arch", "amd64"] + arguments, in: mirror.setting(fixture)
                    ).ended()
                    #expect(ended.status != 0, "it was built: \(ended.errors)")
                    #expect(ended.errors.contains("alpha 1.0-1 has changed"), "\(ended.errors)")
                    #expect(!FileManager.default.fileExists(atPath: fixture.layout("tiny").path))
                }
            }
        }

        @Test func `a blob rewritten with its size and time is made again by --verify`() async throws {
            try await CommandLineFixture.scoped { fixture in
                let tiny = try await TinyImage(fixture)
                try tiny.fillStore()
                try await fixture.letFilesAge()
                let digest = try await fixture.succeed("build", "tiny", "--offline")
                let blobs = fixture.layout("tiny").appending(path: "blobs/sha256")
                let largest = try #require(
                    fixture.names(blobs).max {
                        let sizes = try? [$0, $1].map { try Data(contentsOf: blobs.appending(path: $0)).count }
                        return sizes.map { $0[0] < $0[1] } ?? false
                    })
                let layer = blobs.appending(path: largest)
                // A hard link to the store's blob, so both are rewritten.
                try await fixture.tool("touch", "-r", layer.path, "stamp")
                try await fixture.tool("chmod", "u+w", layer.path)
                try await fixture.tool("dd", "if=/dev/zero", "of=\(layer.path)", "bs=100", "count=1", "conv=notrunc")
                try await fixture.tool("touch", "-r", "stamp", layer.path)
                let plain = try await fixture.run("build", "tiny", "--offline")
                #expect(plain.errors.contains("nothing changed"), "\(plain.errors)")
                let verified = try await fixture.run("build", "tiny", "--offline", "--verify")
                #expect(verified.line == digest)
                #expect(verified.errors.contains("making"), "\(verified.errors)")
                let sum = try await Program.run(["sha256sum", layer.path], in: fixture.setting).line
                #expect(sum.hasPrefix(largest))
            }
        }
    }
}
