import Foundation
import TestSupport
import Testing

extension ProgramTests {
    /// Images of which some platforms are locked, and images with variants.
    @Suite struct PartialLockTests {
        private static let definition = """
            schema: 1
            name: both
            include: [../common.yaml]
            platforms: [linux/amd64, windows/amd64:ltsc2022]
            variants:
              one:
              two: {revision: 2}

            """

        private static func scoped(_ test: (CommandLineFixture) async throws -> Void) async throws {
            try await CommandLineFixture.scoped { fixture in
                try fixture.write(definition, to: "images/both/image.yaml")
                try fixture.write(
                    "windows: {base: \"oci:../../bases\"}\nfiles: [{path: /tool/readme, text: hello}]\n",
                    to: "images/common.yaml")
                try await test(fixture)
            }
        }

        @Test func `platforms are locked one after the other, and what is not locked is left out aloud`() async throws {
            try await Self.scoped { fixture in
                let lock = fixture.folder.appending(path: "images/both/image.lock.json")
                let without = try await fixture.run("lock", "both")
                #expect(without.status != 0)
                #expect(without.errors.contains("imagebuild lock both --platform linux"), "\(without.errors)")
                #expect(!FileManager.default.fileExists(atPath: lock.path))
                _ = try await fixture.succeed("lock", "both", "--platform", "linux")
                let linux = try await fixture.run("build", "both", "--all", "--locked", "--format", "json")
                #expect(linux.status == 0, "\(linux.errors)")
                #expect(linux.errors.contains("left out, since the lock does not have them: windows/amd64:ltsc2022"))
                #expect(!linux.output.contains("windows"))
                let refused = try await fixture.run("build", "both", "--platform", "windows", "--locked")
                #expect(refused.status == 2)
                #expect(refused.errors.contains("the lock of both has no windows/amd64:ltsc2022"), "\(refused.errors)")
                #expect(refused.errors.contains("imagebuild lock both --platform windows/amd64:ltsc2022"))

                let bases = try WindowsBases(writingTo: fixture.folder.appending(path: "bases"))
                _ = try await fixture.succeed("lock", "both", "--platform", "windows")
                // Nothing of a platform is looked up that is locked, or not asked for.
                let away = fixture.folder.appending(path: "away")
                try FileManager.default.moveItem(at: bases.layout, to: away)
                _ = try await fixture.succeed("lock", "both", "--platform", "linux/amd64")
                try FileManager.default.moveItem(at: away, to: bases.layout)
                let pushed = try await fixture.run("push", "both", "--locked", "--format", "json")
                #expect(pushed.status == 0, "\(pushed.errors)")
                for tag in ["0-linux-amd64", "0-windows-amd64-ltsc2022"] { #expect(pushed.output.contains(tag)) }
                #expect(!pushed.errors.contains("left out"), "\(pushed.errors)")
            }
        }

        @Test func `a build without a lock resolves what it was asked for alone`() async throws {
            try await Self.scoped { fixture in
                let built = try await fixture.run("build", "both", "--platform", "linux")
                #expect(built.status == 0, "\(built.errors)")
                #expect(try !fixture.text("images/both/image.lock.json").contains("windows"))
            }
        }

        @Test func `a variant has a lock and a layout of its own`() async throws {
            try await Self.scoped { fixture in
                _ = try await fixture.succeed("lock", "both", "--platform", "linux")
                _ = try await fixture.succeed("lock", "both", "--platform", "linux", "--variant", "two")
                let folder = fixture.folder.appending(path: "images/both")
                #expect(fixture.names(folder) == ["image.lock.json", "image.two.lock.json", "image.yaml"])
                let one = try await fixture.succeed("build", "both", "--all", "--variant", "one")
                let two = try await fixture.succeed("build", "both", "--all", "--variant", "two")
                #expect(one != two)
                #expect(try await fixture.succeed("inspect", "both").contains("\(one)"))
                #expect(try await fixture.succeed("inspect", "both", "--variant", "two").contains("\(two)"))
                let unknown = try await fixture.run("build", "both", "--variant", "three")
                #expect(unknown.status == 2)
                #expect(unknown.errors.contains("--variant: the image has no variant 'three'"), "\(unknown.errors)")
            }
        }

        @Test func `a change of an included file is a change of the image`() async throws {
            try await Self.scoped { fixture in
                _ = try await fixture.succeed("lock", "both", "--platform", "linux")
                let before = try await fixture.succeed("build", "both", "--all")
                try fixture.write("files: [{path: /tool/readme, text: goodbye}]\n", to: "images/common.yaml")
                #expect(try await fixture.succeed("build", "both", "--all") != before)
            }
        }

        @Test func `an included file is not read through a link`() async throws {
            try await Self.scoped { fixture in
                let common = fixture.folder.appending(path: "images/common.yaml")
                try FileManager.default.moveItem(at: common, to: fixture.folder.appending(path: "elsewhere.yaml"))
                try FileManager.default.createSymbolicLink(
                    atPath: common.path, withDestinationPath: "../elsewhere.yaml")
                let refused = try await fixture.run("build", "both")
                #expect(refused.status == 2)
                #expect(refused.errors.contains("images/both/image.yaml:3:11: cannot include"), "\(refused.errors)")
                #expect(refused.errors.contains("a symbolic link"), "\(refused.errors)")
            }
        }
    }
}
