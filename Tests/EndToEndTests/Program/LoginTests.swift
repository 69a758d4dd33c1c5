import Foundation
import TestSupport
import Testing

extension ProgramTests {
    /// `imagebuild login` at a terminal.
    @Suite struct LoginTests {
        @Test func `Ctrl-C at the question for the password ends it, and leaves the terminal as it was`() async throws {
            try await CommandLineFixture.scoped { fixture in
                // `script` lends a terminal; what is not a terminal's foreground has the signal sent to it.
                try fixture.write(
                    """
                    stty -a >before
                    "$IMAGEBUILD" login 127.0.0.1:1 --username me </dev/tty &
                    for turn in $(seq 200); do stty -a | grep -q -e '-echo ' && break; sleep 0.05; done
                    kill -TERM $!; sleep 1; kill -TERM $! 2>/dev/null
                    wait $!
                    echo $? >status
                    stty -a >after

                    """, to: "at-terminal")
                var setting = fixture.setting
                setting.environment["IMAGEBUILD"] = Program.imagebuild
                let typing = "while ! test -e after; do sleep 0.1; done"
                let ended = try await Program.run(
                    ["sh", "-c", "(\(typing)) | script -qec 'sh at-terminal' /dev/null"], in: setting)
                #expect(ended.output.contains("Password for me"), "\(ended)")
                #expect(try fixture.text("status") == "130\n")
                #expect(try fixture.text("after") == fixture.text("before"))
                #expect(!ended.output.contains("tagged"), "\(ended.output)")
            }
        }
    }
}
