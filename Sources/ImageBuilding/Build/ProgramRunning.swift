import DurableFiles
import ImageAssembly
import LayerArchive
import OCIContent
import OCIModel
import Scheduling
import Subprocess
import SystemPackage

/// Runs an image's program to learn its version: natively, or under qemu-user where that is installed. The program is laid
/// out with its own loader and libraries in a temporary folder, so neither root nor a chroot is needed.
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
            return try await Self.output(of: command + [path(program.program)] + arguments)
        }
    }

    /// What comes before the program on this machine: nothing, or an emulator; `nil` where there is none.
    private func emulator(for platform: Platform) -> [String]? {
        guard platform.os == "linux" else { return nil }
        if platform.architecture == architecture { return [] }
        let names = ["amd64": "x86_64", "arm64": "aarch64", "ppc64le": "ppc64le"]
        guard let name = names[platform.architecture] else { return nil }
        let emulator = FilePath("/usr/bin/qemu-\(name)-static")
        return FileSystem.regularFileSize(emulator) == nil ? nil : [emulator.string]
    }

    private static func layOut(_ program: ProgramRun, in folder: FilePath) throws {
        for file in program.files {
            let target = folder.pushing(FilePath(String(file.path.description.dropFirst())))
            try FileSystem.makeDirectories(target.removingLastComponent())
            try file.content.copy(to: target, mode: file.mode)
        }
    }

    private static func output(of command: [String]) async throws -> String? {
        try await withThrowingTaskGroup(of: String?.self) { group in
            group.addTask {
                let result = try await Subprocess.run(
                    .path(FilePath(command[0])), arguments: Arguments(Array(command.dropFirst())),
                    environment: .custom(["LC_ALL": "C", "HOME": "/nonexistent"]), output: .string(limit: outputLimit),
                    error: .combinedWithOutput)
                return result.standardOutput
            }
            group.addTask {
                try await Task.sleep(for: timeLimit)
                throw ImageBuildingError(.unavailable, "\(command.last ?? "") did not answer within \(timeLimit)")
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
    }
}
