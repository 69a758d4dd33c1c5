import Foundation
import TestSupport
import Testing

extension ProgramTests {
    /// Images on Windows' base images. Needs skopeo.
    @Suite struct WindowsBaseTests {
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
                try await fixture.serving { host in
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
    }
}
