package import Foundation
import Testing

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// How a program ended and what it said.
package struct Ended: Sendable {
    /// As a shell tells it: the exit code, or 128 and the signal's number.
    package var status: Int32
    package var output: String
    package var errors: String

    /// Standard output without its line end.
    package var line: String { output.trimmingCharacters(in: .newlines) }
}

/// What a run of a program finds around it.
package struct Setting: Sendable {
    package var folder: URL
    package var environment: [String: String] = [:]
    package var umask = "022"
    /// One core alone, or all.
    package var oneCore = false

    package init(folder: URL, environment: [String: String] = [:]) {
        (self.folder, self.environment) = (folder, environment)
    }
}

/// A program that runs, in a process group of its own.
package struct Program: Sendable {
    package let process: pid_t
    private let output: URL
    private let errors: URL
    private let command: String

    /// The `imagebuild` that `IMAGEBUILD_PROGRAM` names, or that this test's own build put beside the test bundle.
    package static var imagebuild: String {
        if let path = ProcessInfo.processInfo.environment["IMAGEBUILD_PROGRAM"] { return path }
        let bundle = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        return bundle.deletingLastPathComponent().appending(path: "imagebuild").path
    }

    /// Starts a program. Its streams go to files, so that no reader can hold it up.
    package init(_ command: [String], in setting: Setting) throws {
        let streams = setting.folder.appending(path: ".streams-\(UUID())")
        (output, errors) = (streams.appendingPathExtension("out"), streams.appendingPathExtension("err"))
        self.command = command.joined(separator: " ")
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, output.path, O_WRONLY | O_CREAT, 0o644)
        posix_spawn_file_actions_addopen(&actions, 2, errors.path, O_WRONLY | O_CREAT, 0o644)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        let script = #"umask "$1"; cd "$2" || exit 99; shift 2; exec "$@""#
        let pinned = setting.oneCore ? ["taskset", "-c", "0"] : []
        let words = ["/bin/sh", "-c", script, "sh", setting.umask, setting.folder.path] + pinned + command
        let variables = setting.environment.map { "\($0.key)=\($0.value)" }
        var process = pid_t()
        let failure = withPointers(words) { words in
            withPointers(variables) { posix_spawn(&process, "/bin/sh", &actions, &attributes, words, $0) }
        }
        try #require(failure == 0, "cannot start \(command): \(failure)")
        self.process = process
    }

    /// Sends a signal to the program alone.
    package func signal(_ number: Int32) { _ = kill(process, number) }

    /// Waits for the end.
    package func ended() async throws -> Ended {
        var status: Int32 = 0
        do {
            try await until { waitpid(process, &status, WNOHANG) != 0 }
        } catch {
            _ = kill(-process, SIGKILL)
            throw error
        }
        _ = kill(-process, SIGKILL)
        let signal = status & 0x7f
        let result = Ended(
            status: signal == 0 ? (status >> 8) & 0xff : 128 + signal,
            output: String(decoding: (try? Data(contentsOf: output)) ?? Data(), as: UTF8.self),
            errors: String(decoding: (try? Data(contentsOf: errors)) ?? Data(), as: UTF8.self))
        for file in [output, errors] { try? FileManager.default.removeItem(at: file) }
        return result
    }

    /// Whether the program has ended by itself, and nobody has waited for it yet.
    package var hasEnded: Bool {
        var information = siginfo_t()
        return waitid(P_PID, id_t(process), &information, WEXITED | WNOHANG | WNOWAIT) == 0
            && information._sifields._sigchld.si_pid == process
    }

    /// Waits for the first line of standard output: that is how servers say where they listen.
    package func firstLine() async throws -> String {
        try await until { outputSoFar.contains("\n") || hasEnded }
        let line = outputSoFar.split(separator: "\n", omittingEmptySubsequences: false).first
        try #require(outputSoFar.contains("\n"), "\(command) says nothing: \(errorsSoFar)")
        return line.map(String.init) ?? ""
    }

    /// What the program has printed so far.
    package var outputSoFar: String { String(decoding: (try? Data(contentsOf: output)) ?? Data(), as: UTF8.self) }

    /// What the program has said on standard error so far.
    package var errorsSoFar: String { String(decoding: (try? Data(contentsOf: errors)) ?? Data(), as: UTF8.self) }

    package static func run(_ command: [String], in setting: Setting) async throws -> Ended {
        try await Program(command, in: setting).ended()
    }
}

/// The words as C takes them: an array of pointers that ends with a null one.
private func withPointers<R>(_ words: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> R) -> R {
    let pointers = words.map { strdup($0) } + [nil]
    defer { for pointer in pointers { free(pointer) } }
    return pointers.withUnsafeBufferPointer { buffer in
        // The buffer ends with a null pointer and so is never empty.
        buffer.baseAddress.map(body) ?? body(UnsafePointer(bitPattern: 8).unsafelyUnwrapped)
    }
}
