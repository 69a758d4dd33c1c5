import Foundation
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

extension EnduranceTests {
    /// Disks without space.
    @Suite struct FullDiskTests {
        @Test(.enabled(if: geteuid() == 0, "a small file system can be mounted by root alone"))
        func `a full disk is told as one, and leaves nothing half done`() async throws {
            try await CommandLineFixture.scoped { fixture in
                let tiny = try await TinyImage(fixture)
                try tiny.fillStore()
                try await SmallDisk.mounted(on: "full", size: "300k", fixture) { _ in
                    let full = fixture.folder.appending(path: "full")
                    try await expectFull(fixture, ["--store", "full/store"], tiny)
                    try await expectFull(fixture, ["--output", "oci:full/layout"], tiny)
                    #expect(!fixture.names(full.appending(path: "layout")).contains("index.json"))
                    try await expectFull(fixture, ["--output", "oci-archive:full/a.tar"], tiny)
                    #expect(!fixture.names(full).contains("a.tar"))
                }
            }
        }

        private func expectFull(_ fixture: CommandLineFixture, _ options: [String], _ tiny: TinyImage) async throws {
            try await Mirror.serving(tiny.mirror, fixture) { mirror in
                let ended = try await fixture.start(["build", "tiny"] + options, in: mirror.setting(fixture)).ended()
                #expect(ended.status == 1)
                #expect(
                    ended.errors.contains("No space left on device")
                        || ended.errors.contains("no space left on device"), "\(ended.errors)")
                #expect(ended.errors.contains("full/"), "\(ended.errors)")
                #expect(ended.errors.contains("hint: free some space"), "\(ended.errors)")
                let left = fixture.names(fixture.folder.appending(path: "full/store/tmp"))
                #expect(left.allSatisfy { $0.hasPrefix("download-") }, "a download can go on later")
                try? FileManager.default.removeItem(at: fixture.folder.appending(path: "full/store"))
                try? FileManager.default.removeItem(at: fixture.folder.appending(path: "full/layout/blobs"))
            }
        }
    }
}
