import DurableFiles
import OCIModel
import Subprocess
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
        var variables: [Environment.Key: String] = [:]
        for (name, value) in environment { if let key = Environment.Key(rawValue: name) { variables[key] = value } }
        var options = PlatformOptions()
        options.createSession = true
        options.teardownSequence = [
            .send(signal: .kill, toProcessGroup: true, allowedDurationToNextStep: .seconds(5))
        ]
        let (surroundings, all) = (Environment.custom(variables), options)
        // A file, since a program need not read what it is given.
        let stream = try FileSystem.unnamedFile(holding: input, for: "cannot run \(name)")
        return try await withThrowingTaskGroup(of: Result.self) { group in
            group.addTask {
                do {
                    let ended = try await Subprocess.run(
                        .path(program), arguments: Arguments(arguments), environment: surroundings,
                        workingDirectory: folder, platformOptions: all,
                        input: .fileDescriptor(stream, closeAfterSpawningProcess: true),
                        output: .bytes(limit: outputLimit), error: .bytes(limit: 1 << 20))
                    return Result(
                        isSuccess: ended.terminationStatus.isSuccess, output: ended.standardOutput,
                        errors: ended.standardError)
                } catch let error as SubprocessError {
                    throw failure(error)
                }
            }
            group.addTask {
                try await Task.sleep(for: timeLimit)
                throw ReleaseError(.tool, "\(name) did not end within \(timeLimit)")
            }
            defer { group.cancelAll() }
            guard let result = try await group.next() else { throw CancellationError() }
            try Task.checkCancellation()
            return result
        }
    }

    private func failure(_ error: SubprocessError) -> ReleaseError {
        error.code == .executableNotFound || error.code == .spawnFailed
            ? ReleaseError(.tool, "cannot run \(program): \(error)", hint: "install it")
            : ReleaseError(.tool, "\(name) failed: \(error)")
    }
}
