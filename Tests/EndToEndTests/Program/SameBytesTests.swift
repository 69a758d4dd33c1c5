import Foundation
import ImageDefinition
import OCIModel
import TestSupport
import Testing

extension ProgramTests {
    /// Same inputs, same bytes; small, so that every circumstance can be tried. The real image's turn is ArchiveTests'.
    @Suite struct SameBytesTests {
        @Test func `no circumstance changes the bytes`() async throws {
            try await CommandLineFixture.scoped { first in
                let tiny = try await TinyImage(first, payload: 3_000_000)
                try tiny.fillStore()
                let digest = try await first.succeed("build", "tiny", "--all", "--offline")
                try await CommandLineFixture.scoped { second in
                    try FileManager.default.removeItem(at: second.folder.appending(path: "images"))
                    try FileManager.default.copyItem(
                        at: first.folder.appending(path: "images"), to: second.folder.appending(path: "images"))
                    try await second.tool("chmod", "-R", "go-rwx", "images")
                    try await second.tool(
                        "find", "images", "-type", "f", "-exec", "touch", "-d", "2001-01-01", "{}", "+")
                    try tiny.fillStore(of: second)
                    var setting = second.setting
                    setting.umask = "077"
                    setting.oneCore = true
                    setting.environment["TZ"] = "Pacific/Kiritimati"
                    setting.environment["LC_ALL"] = "tr_TR.UTF-8"
                    #expect(try await second.succeed("build", "tiny", "--all", "--offline", in: setting) == digest)
                    setting.umask = "000"
                    setting.oneCore = false
                    try FileManager.default.removeItem(at: second.store.appending(path: "records"))
                    #expect(try await second.succeed("build", "tiny", "--all", "--offline", in: setting) == digest)
                    // The order in which platforms are asked for is no input.
                    let asked = ["--arch", "ppc64el", "--platform", "linux/amd64"]
                    let ended = try await second.start(["build", "tiny", "--offline"] + asked, in: setting).ended()
                    #expect(ended.line == digest)
                }
            }
        }

        @Test func `SOURCE_DATE_EPOCH bounds every time in the image`() async throws {
            try await CommandLineFixture.scoped { fixture in
                let tiny = try await TinyImage(fixture)
                try tiny.fillStore()
                var setting = fixture.setting
                setting.environment["SOURCE_DATE_EPOCH"] = "1000000000"
                _ = try await fixture.succeed("build", "tiny", "--offline", in: setting)
                let text = try await fixture.succeed("inspect", "tiny")
                #expect(text.contains("2001-09-09T01:46:40Z"), "\(text)")
                _ = try await fixture.succeed(
                    "build", "tiny", "--offline", "--output", "oci-archive:a.tar", in: setting)
                try await fixture.tool("mkdir", "out")
                try await fixture.tool("tar", "xf", "a.tar", "-C", "out")
                for name in fixture.names(fixture.folder.appending(path: "out/blobs/sha256")) {
                    let listing = try await Program.run(
                        ["tar", "--utc", "--full-time", "-tvzf", "out/blobs/sha256/\(name)"], in: fixture.setting)
                    guard listing.status == 0 else { continue }
                    for line in listing.output.split(separator: "\n") {
                        let time = line.split(separator: " ", omittingEmptySubsequences: true)[3...4].joined(
                            separator: " ")
                        #expect(time <= "2001-09-09 01:46:40", "\(line)")
                    }
                }
            }
        }
    }
}
