import DurableFiles
import Subprocess
package import SystemPackage

/// A program that is started with exactly what it is given here, and that has limits. Whatever it started dies with it
/// where a limit or a cancellation ends it.
package struct ChildProgram: Sendable {
    /// The standard input of a program, which need not read any of it.
    package enum Input: Sendable {
        case nothing
        /// From a file without a name. `purpose` begins the message of an error: `cannot check it`.
        case bytes([UInt8], for: String)
        /// From a pipe, so that no disk ever has it.
        case secret([UInt8])
    }

    /// The destinations of standard output and standard error, each with its limit in bytes.
    package enum Streams: Sendable {
        case kept(output: Int, errors: Int)
        /// Nobody sees the errors.
        case output(Int)
        /// Both are kept as one output.
        case together(Int)
        /// Both go to a file, in place of what it has.
        case file(FilePath)
    }

    /// The end of a run.
    package struct End: Sendable {
        package var isSuccess: Bool
        package var output: [UInt8] = []
        package var errors: [UInt8] = []
    }

    /// The number of bytes that a pipe accepts without a reader.
    private static let secretLimit = 32 << 10

    package var path: FilePath
    /// Its words as C's strings without their ends, since a path need not be text.
    package var arguments: [[UInt8]]
    /// All of its variables.
    package var environment: [String: String]
    /// Its current folder; that of this process if there is none.
    package var folder: FilePath?
    package var input: Input
    package var streams: Streams
    /// The longest run.
    package var timeLimit: Duration

    package init(
        _ path: FilePath, _ arguments: [String], environment: [String: String], in folder: FilePath? = nil,
        input: Input = .nothing, streams: Streams, timeLimit: Duration
    ) {
        (self.path, self.arguments) = (path, arguments.map { Array($0.utf8) })
        (self.environment, self.folder, self.input) = (environment, folder, input)
        (self.streams, self.timeLimit) = (streams, timeLimit)
    }

    /// Runs the program to its end.
    ///
    /// - Throws: `ChildProgramError` if it cannot be run, writes too much or takes too long; `FileError` if there is no
    ///   room for its input.
    package func run() async throws -> End {
        let input = try opened()
        return try await withThrowingTaskGroup(of: End.self) { group in
            group.addTask {
                do { return try await end(reading: input) } catch let error as SubprocessError {
                    throw ChildProgramError(error)
                }
            }
            group.addTask {
                try await Task.sleep(for: timeLimit)
                throw ChildProgramError(.tookTooLong, "it did not end within \(timeLimit)")
            }
            defer { group.cancelAll() }
            guard let end = try await group.next() else { throw CancellationError() }
            // A program that was killed since nobody waits for it any more has not failed.
            try Task.checkCancellation()
            return end
        }
    }

    private func end(reading input: FileDescriptor) async throws -> End {
        switch streams {
        case .kept(let output, let errors):
            let ended = try await start(input, .bytes(limit: output), .bytes(limit: errors))
            return End(
                isSuccess: ended.terminationStatus.isSuccess, output: ended.standardOutput,
                errors: ended.standardError)
        case .output(let limit):
            let ended = try await start(input, .bytes(limit: limit), .discarded)
            return End(isSuccess: ended.terminationStatus.isSuccess, output: ended.standardOutput)
        case .together(let limit):
            let ended = try await start(input, .bytes(limit: limit), .combinedWithOutput)
            return End(isSuccess: ended.terminationStatus.isSuccess, output: ended.standardOutput)
        case .file(let path):
            let file = try FileSystem.open(
                path, .writeOnly, "cannot write \(path)", options: [.create, .truncate], permissions: [.ownerReadWrite])
            // The library closes its own copy, for the errors, only where it may close this one.
            let ended = try await start(
                input, .fileDescriptor(file, closeAfterSpawningProcess: true), .combinedWithOutput)
            return End(isSuccess: ended.terminationStatus.isSuccess)
        }
    }

    private func start<Output: OutputProtocol, Errors: ErrorOutputProtocol>(
        _ input: FileDescriptor, _ output: Output, _ errors: Errors
    ) async throws -> ExecutionResult<Void, Output, Errors> {
        var variables: [Environment.Key: String] = [:]
        for (name, value) in environment { if let key = Environment.Key(rawValue: name) { variables[key] = value } }
        var options = PlatformOptions()
        options.createSession = true
        options.teardownSequence = [
            .send(signal: .kill, toProcessGroup: true, allowedDurationToNextStep: .seconds(5))
        ]
        // The library's own ways of writing to a program end this one, by a signal or a trap, if the program does not
        // read: so it always gets a descriptor.
        return try await Subprocess.run(
            .path(path), arguments: Arguments(arguments.map { $0 + [0] }), environment: .custom(variables),
            workingDirectory: folder, platformOptions: options,
            input: .fileDescriptor(input, closeAfterSpawningProcess: true), output: output, error: errors)
    }

    /// Opens what the program reads.
    private func opened() throws -> FileDescriptor {
        switch input {
        case .nothing: try FileSystem.open("/dev/null", .readOnly, "cannot run \(path)")
        case .bytes(let bytes, let purpose): try FileSystem.unnamedFile(holding: bytes, for: purpose)
        case .secret(let bytes): try Self.pipe(holding: bytes)
        }
    }

    private static func pipe(holding input: [UInt8]) throws -> FileDescriptor {
        guard input.count <= secretLimit else {
            throw ChildProgramError(.inputTooLong, "its input has \(input.count) bytes: the limit is \(secretLimit)")
        }
        // No other program that starts meanwhile inherits an end: this one would wait for it to close the pipe.
        let (reading, writing) = try FileDescriptor.pipe(options: .closeOnExec)
        defer { try? writing.close() }
        do { try writing.writeAll(input) } catch {
            try? reading.close()
            throw error
        }
        return reading
    }
}
