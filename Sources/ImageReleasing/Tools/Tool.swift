import ChildPrograms
import OCIModel
package import SystemPackage

/// A program of the system that a step of a release uses, with all that it finds around it: git, gpg, gpgv, ssh-keygen.
package struct Tool: Sendable {
    /// The end of a run.
    package struct Result: Sendable {
        package var isSuccess: Bool
        package var output: [UInt8]
        package var errors: [UInt8]

        /// The end of what the program said on standard error, fit for a terminal.
        package var complaint: String {
            let text = printable(String(decoding: errors.suffix(2000), as: UTF8.self))
            return text.split(separator: "\n").suffix(5).joined(separator: "; ")
        }
    }

    package let program: FilePath
    let environment: [String: String]
    let timeLimit: Duration

    /// Names a program.
    ///
    /// - Parameters:
    ///   - program: Its absolute path.
    ///   - environment: All its variables, beside a plain locale and the system's programs.
    ///   - timeLimit: The longest run.
    package init(_ program: FilePath, environment: [String: String] = [:], timeLimit: Duration = .seconds(120)) {
        self.program = program
        self.environment = ["LC_ALL": "C", "TZ": "UTC", "PATH": "/usr/bin:/bin"].merging(environment) { $1 }
        self.timeLimit = timeLimit
    }

    var name: String { program.lastComponent?.string ?? "\(program)" }

    /// Returns the first line that the program says of its version.
    package func versionLine() async throws -> String {
        let result = try await run(["--version"], outputLimit: 1 << 16)
        return quoted(String(decoding: result.output.prefix { $0 != 10 }, as: UTF8.self))
    }

    /// Runs the program to its end; what it started ends with it.
    ///
    /// - Parameters:
    ///   - arguments: Its words.
    ///   - folder: Its current folder.
    ///   - input: The bytes of its standard input.
    ///   - outputLimit: The most bytes that it may write.
    /// - Returns: How it ended, and what it wrote.
    /// - Throws: `ReleaseError` `.tool` if it cannot be run, writes too much or takes too long.
    package func run(
        _ arguments: [String], in folder: FilePath? = nil, input: [UInt8] = [], outputLimit: Int = 64 << 20
    ) async throws -> Result {
        do {
            let end = try await ChildProgram(
                program, arguments, environment: environment, in: folder,
                input: .bytes(input, for: "cannot run \(name)"),
                streams: .kept(output: outputLimit, errors: 1 << 20), timeLimit: timeLimit
            ).run()
            return Result(isSuccess: end.isSuccess, output: end.output, errors: end.errors)
        } catch let error as ChildProgramError {
            throw failure(error)
        }
    }

    private func failure(_ error: ChildProgramError) -> ReleaseError {
        switch error.code {
        case .cannotStart: ReleaseError(.tool, "cannot run \(program): \(error)", hint: "install it")
        case .tookTooLong: ReleaseError(.tool, "\(name) did not end within \(timeLimit)")
        case .failed, .inputTooLong: ReleaseError(.tool, "\(name) failed: \(error)")
        }
    }
}
