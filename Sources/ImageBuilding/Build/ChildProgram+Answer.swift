import ChildPrograms
import SystemPackage

extension ChildProgram {
    /// Runs a command whose first word is a program's path, and returns what it wrote to its standard output and standard
    /// error, and whether it succeeded.
    ///
    /// - Throws: `ImageBuildingError` (`unavailable`) if it does not end in time; `ChildProgramError` if it cannot be
    ///   started or writes too much.
    static func answer(
        of command: [String], environment: [String: String], timeLimit: Duration, outputLimit: Int
    ) async throws -> (output: String, succeeded: Bool) {
        do {
            let end = try await ChildProgram(
                FilePath(command[0]), Array(command.dropFirst()), environment: environment,
                streams: .together(outputLimit), timeLimit: timeLimit
            ).run()
            return (String(decoding: end.output, as: UTF8.self), end.isSuccess)
        } catch let error as ChildProgramError where error.code == .tookTooLong {
            throw ImageBuildingError(.unavailable, "\(command.last ?? "") did not answer within \(timeLimit)")
        }
    }
}
