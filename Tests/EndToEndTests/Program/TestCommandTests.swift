import Foundation
import TestSupport
import Testing

extension ProgramTests {
    /// `imagebuild test`, on images made of this machine's own shell.
    @Suite struct TestCommandTests {
        private static let files = [
            "sh": "/bin/sh", "libc.so.6": "/lib/x86_64-linux-gnu/libc.so.6",
            "loader": "/lib64/ld-linux-x86-64.so.2",
        ]

        private static func scoped(
            _ script: String, _ test: (CommandLineFixture) async throws -> Void
        ) async throws {
            try await CommandLineFixture.scoped { fixture in
                let entries = files.map { "{source: \($0.key), path: \($0.value), mode: \"0755\"}" }.sorted()
                try fixture.write(
                    """
                    schema: 1
                    name: shell
                    platforms: [linux/amd64, windows/amd64:ltsc2022]
                    files:
                    \(entries.map { "  - \($0)\n" }.joined())
                    config: {environment: {GREETING: "hello = you"}}
                    test: test.sh

                    """, to: "images/shell/image.yaml")
                for (name, path) in files {
                    let source = URL(filePath: path).resolvingSymlinksInPath()
                    try FileManager.default.copyItem(
                        at: source, to: fixture.folder.appending(path: "images/shell/\(name)"))
                }
                try fixture.write(script, to: "images/shell/test.sh")
                _ = try await fixture.succeed("lock", "shell", "--platform", "linux")
                try await test(fixture)
            }
        }

        #if arch(x86_64)
            @Test func `the script runs in the image's root, with its variables and nothing else`() async throws {
                let script = """
                    [ "$GREETING" = "hello = you" ] && [ "$ARCH" = amd64 ] && [ -z "${IMAGEBUILD_STORE:-}" ]
                    [ ! -e /etc/passwd ] && [ -x /bin/sh ]
                    echo written >/tmp/file && read -r line </tmp/file && [ "$line" = written ]
                    echo gone >/dev/null
                    """
                try await Self.scoped(script) { fixture in
                    let ended = try await fixture.run("test", "shell", "--all")
                    #expect(ended.status == 0, "\(ended.errors)")
                    #expect(ended.output == "linux/amd64: test.sh succeeds\n")
                }
            }

            @Test func `a script that fails is shown with what it wrote`() async throws {
                try await Self.scoped("echo before\nfalse\necho after\n") { fixture in
                    let ended = try await fixture.run("test", "shell")
                    #expect(ended.status == 1)
                    #expect(ended.output == "")
                    #expect(ended.errors.contains("the image shell for linux/amd64 fails its tests"), "\(ended.errors)")
                    #expect(ended.errors.contains("before"))
                    #expect(!ended.errors.contains("after"))
                }
            }
        #endif

        @Test func `Windows platforms are refused, and a script that is not there is named`() async throws {
            try await Self.scoped(":") { fixture in
                let windows = try await fixture.run("test", "shell", "--platform", "windows")
                #expect(windows.status == 2)
                #expect(windows.errors.contains("programs for Windows cannot be run here"), "\(windows.errors)")
                try FileManager.default.removeItem(at: fixture.folder.appending(path: "images/shell/test.sh"))
                let missing = try await fixture.run("test", "shell")
                #expect(missing.status == 2)
                #expect(missing.errors.contains("images/shell/test.sh, which"), "\(missing.errors)")
            }
        }
    }
}
