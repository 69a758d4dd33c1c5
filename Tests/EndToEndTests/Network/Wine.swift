import Foundation
import TestSupport
import Testing

/// Debian's wine64 with a Windows drive of its own.
///
/// Go's programs ask `bcryptprimitives.dll` for their first random numbers, which wine 8 does not have: one is made that
/// forwards the only function they call to the system's own generator.
struct Wine {
    private let fixture: CommandLineFixture
    private var setting: Setting
    private static let program = "/usr/lib/wine/wine64"

    init(_ fixture: CommandLineFixture) async throws {
        self.fixture = fixture
        setting = fixture.setting
        setting.environment["WINEPREFIX"] = fixture.folder.path + "/wine"
        // Without its messages, a desktop and the parts that it would offer to download.
        setting.environment["WINEDEBUG"] = "-all"
        setting.environment["WINEDLLOVERRIDES"] = "mscoree,mshtml="
        setting.environment["DISPLAY"] = nil
        let started = try await Program.run([Self.program, "wineboot", "--init"], in: setting)
        try #require(started.status == 0, "this test needs wine64:\n\(started.errors)")
        let library = "wine/drive_c/windows/system32/bcryptprimitives.dll"
        try fixture.write("EXPORTS\n  ProcessPrng=advapi32.SystemFunction036\n", to: "library.def")
        try fixture.write("", to: "empty.s")
        let tools = "x86_64-w64-mingw32-"
        try await fixture.tool(tools + "as", "-o", "empty.o", "empty.s")
        try await fixture.tool(
            tools + "dlltool", "-d", "library.def", "-e", "exports.o", "-D", "bcryptprimitives.dll", "empty.o")
        try await fixture.tool(tools + "ld", "--dll", "-e", "0", "-o", library, "empty.o", "exports.o")
    }

    /// Runs a program of the unpacked image.
    func run(_ name: String, _ arguments: String...) async throws -> Ended {
        let path = fixture.folder.path + "/Files/usr/local/bin/" + name
        let ended = try await Program.run([Self.program, path] + arguments, in: setting)
        return ended
    }
}
