import Foundation
import ImageDefinition
import TestSupport
import Testing

extension ProgramTests {
    /// What a person at a terminal sees. A pseudo-terminal of python3 stands for it, and a mirror that falls silent once
    /// gives the time to look.
    @Suite struct LiveViewTests {
        /// Builds in a terminal, whose width changes when the first row is drawn, and returns all that was written to it.
        private func building(_ columns: Int, then narrower: Int?) async throws -> [String] {
            try await CommandLineFixture.scoped { fixture in
                let tiny = try await TinyImage(fixture)
                try fixture.write("silent once", to: "mirror/debian/\(tiny.packages[0].path).fault")
                return try await Mirror.serving(tiny.mirror, fixture) { mirror in
                    var setting = mirror.setting(fixture)
                    setting.environment["IMAGEBUILD_STORE"] = fixture.store.path
                    setting.environment["IMAGEBUILD_DEBIAN_KEYRING"] = fixture.keyring.path
                    setting.environment["TERM"] = "xterm"
                    setting.environment["NO_COLOR"] = "1"
                    let ended = try await Program.run(
                        ["python3", "-c", Self.terminal, "\(columns)", "\(narrower ?? columns)", Program.imagebuild]
                            + ["build", "tiny", "--all"], in: setting)
                    #expect(ended.status == 0, "\(ended.output)\(ended.errors)")
                    return ended.output.split(whereSeparator: { $0 == "\n" || $0 == "\r\n" }).map(String.init)
                }
            }
        }

        @Test(arguments: [40, 80, 200])
        func `each stage has a row with its time, no wider than the terminal`(_ columns: Int) async throws {
            let lines = try await building(columns, then: nil)
            // A line of the view: what takes away the one before, the time, and two blanks.
            let rows = lines.compactMap { $0.firstMatch(of: /^(?:\e\[\d+A\e\[J)?( *\d+ s  .*)$/)?.1 }
            for stage in [
                /s  proving the lock/, /s  linux\/amd64 +fetching 2/, /s  linux\/ppc64le +fetching 2/, /s  checking/,
            ] {
                #expect(rows.contains { $0.contains(stage) }, "\(lines)")
            }
            #expect(rows.contains { $0.hasPrefix("   1 s  linux/amd64 ") }, "the time passes: \(rows)")
            #expect(rows.allSatisfy { $0.count < columns })
            #expect(columns == 200 || rows.contains { $0.count == columns - 1 && $0.hasSuffix("…") })
            #expect(
                lines.contains { $0.contains(/linux\/amd64 +done, 2 layers, .*sha256:[0-9a-f]{12}…|linux\/amd64 .*…$/) }
            )
        }

        @Test func `lines that a narrower terminal may have broken are not counted on`() async throws {
            let lines = try await building(80, then: 40)
            #expect(lines.contains { $0.contains("\u{1b}[") })
            let rows = lines.compactMap { $0.firstMatch(of: /^(?:\e\[\d+A\e\[J)?( *\d+ s  .*)$/)?.1 }
            let first = try #require(rows.lastIndex { $0.count > 40 })
            #expect(rows[(first + 1)...].count > 2 && rows[(first + 1)...].allSatisfy { $0.count < 40 })
            // What was wider stands where it is: the next view begins without going up.
            let last = try #require(lines.lastIndex { $0.hasSuffix(rows[first]) })
            #expect(lines[(last + 1)...].first { $0.contains(" s  ") }?.hasPrefix("\u{1b}") == false)
        }

        private static let terminal = """
            import fcntl, os, pty, struct, sys, termios
            wide, narrow, *command = sys.argv[1:]
            def size(columns): fcntl.ioctl(ours, termios.TIOCSWINSZ, struct.pack('HHHH', 24, int(columns), 0, 0))
            ours, theirs = pty.openpty()
            size(wide)
            child = os.fork()
            if not child:
                os.setsid()
                os.dup2(theirs, 2)
                os.dup2(os.open('/dev/null', os.O_WRONLY), 1)
                os.execv(command[0], command)
            os.close(theirs)
            text = b''
            while True:
                try: more = os.read(ours, 65536)
                except OSError: break
                if not more: break
                text += more
                if b'fetching 2' in text: size(narrow)
            sys.stdout.buffer.write(text)
            sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
            """
    }
}
