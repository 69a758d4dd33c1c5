import Subprocess
import SystemPackage

/// A program that is started, and waited for with a limit.
struct ChildProgram: Sendable {
    var command: [String]
    /// All of its environment, by name.
    var environment: [String: String]
    var timeLimit: Duration
    /// The limit on what it writes, in bytes.
    var outputLimit: Int

    /// Runs the program, and returns what it wrote to its standard output and standard error, and whether it succeeded.
    ///
    /// - Throws: `ImageBuildingError` (`unavailable`) if it does not end in time; the system's error if it cannot be
    ///   started or writes too much.
    func run() async throws -> (output: String, succeeded: Bool) {
        try await withThrowingTaskGroup(of: (String, Bool).self) { group in
            group.addTask {
                let result = try await Subprocess.run(
                    .path(FilePath(command[0])), arguments: Arguments(Array(command.dropFirst())),
                    environment: .custom(
                        Dictionary(
                            uniqueKeysWithValues: environment.map { (Environment.Key(stringLiteral: $0.key), $0.value) }
                        )),
                    output: .string(limit: outputLimit), error: .combinedWithOutput)
                return (result.standardOutput, result.terminationStatus.isSuccess)
            }
            group.addTask {
                try await Task.sleep(for: timeLimit)
                throw ImageBuildingError(.unavailable, "\(command.last ?? "") did not answer within \(timeLimit)")
            }
            defer { group.cancelAll() }
            guard let result = try await group.next() else { throw CancellationError() }
            return result
        }
    }
}
