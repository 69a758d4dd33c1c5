import ChildPrograms
import DurableFiles
import ImageAssembly
import LayerArchive
import OCIContent
import OCIModel
import Scheduling
import SystemPackage

/// Runs an image's program to learn its version: natively, or under qemu-user where that is installed. The program is
/// laid out with its own loader and libraries in a temporary folder, so neither root nor a chroot is needed.
struct ProgramRunning: Sendable {
    var store: ContentStore
    var pool: BlockingPool
    /// The architecture of this machine.
    var architecture: String

    private static let timeLimit = Duration.seconds(30)
    private static let outputLimit = 64 << 10

    var runner: ProgramRunner {
        { program, arguments in try await run(program, arguments) }
    }

    private func run(_ program: ProgramRun, _ arguments: [String]) async throws -> String? {
        guard let prefix = emulator(for: program.platform) else { return nil }
        return try await store.withTemporaryFolder { folder in
            try await pool.run { _ in try Self.layOut(program, in: folder) }
            func path(_ entry: EntryPath) -> String { folder.string + entry.description }
            var command = prefix
            if let interpreter = program.interpreter {
                let libraries = program.libraryDirectories.map(path).joined(separator: ":")
                command += [path(interpreter), "--library-path", libraries]
            }
            return try await ChildProgram.answer(
                of: command + [path(program.program)] + arguments,
                environment: ["LC_ALL": "C", "HOME": "/nonexistent"], timeLimit: Self.timeLimit,
                outputLimit: Self.outputLimit
            ).output
        }
    }

    /// The words before the program on this machine: none, or an emulator; `nil` where one is needed and missing.
    private func emulator(for platform: Platform) -> [String]? {
        guard platform.os == "linux" else { return nil }
        if platform.architecture == architecture { return [] }
        let emulator = Emulator(architecture: platform.architecture)
        return emulator.isInstalled ? [emulator.path.string] : nil
    }

    private static func layOut(_ program: ProgramRun, in folder: FilePath) throws {
        for file in program.files {
            let target = folder.appending(file.path)
            try FileSystem.makeDirectories(target.removingLastComponent())
            try file.content.copy(to: target, mode: file.mode)
        }
    }
}
