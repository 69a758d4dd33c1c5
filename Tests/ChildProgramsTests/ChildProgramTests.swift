import ChildPrograms
import Foundation
import SystemPackage
import TestSupport
import Testing

@Suite struct ChildProgramTests {
    private func run(
        _ path: FilePath, _ arguments: [String] = [], _ environment: [String: String] = [:], in folder: FilePath? = nil,
        input: ChildProgram.Input = .nothing, streams: ChildProgram.Streams = .kept(output: 1 << 16, errors: 1 << 16)
    ) async throws -> ChildProgram.End {
        try await ChildProgram(
            path, arguments, environment: environment, in: folder, input: input, streams: streams, timeLimit: .hanging
        ).run()
    }

    private func text(_ end: ChildProgram.End) -> String { String(decoding: end.output, as: UTF8.self) }

    @Test func `a program gets exactly its words, variables, folder and streams`() async throws {
        var words = ChildProgram(
            "/usr/bin/printf", ["%s|", "a b", "", "$HOME"], environment: [:], streams: .output(100), timeLimit: .hanging
        )
        words.arguments.append([0xff])
        #expect(try await words.run().output == Array("a b||$HOME|".utf8) + [0xff, UInt8(ascii: "|")])
        #expect(text(try await run("/usr/bin/env", [], ["A": "b c"])) == "A=b c\n")
        #expect(text(try await run("/bin/pwd", in: "/usr/bin")) == "/usr/bin\n")
        // The last is the folder that it reads.
        #expect(text(try await run("/bin/ls", ["/proc/self/fd"])) == "0\n1\n2\n3\n")
    }

    @Test func `a program may read all of its input, or nothing`() async throws {
        let long = [UInt8](repeating: 7, count: 1 << 20)
        let all = try await run("/bin/cat", input: .bytes(long, for: "cannot run it"), streams: .output(2 << 20))
        #expect(all.output == long)
        #expect(text(try await run("/bin/cat", input: .secret(Array("secret".utf8)))) == "secret")
        #expect(text(try await run("/bin/cat")) == "")
        for input in [ChildProgram.Input.bytes(long, for: ""), .secret(Array("secret".utf8))] {
            #expect(try await run("/bin/true", input: input).isSuccess)
        }
        #expect(await code { _ = try await run("/bin/cat", input: .secret(long)) } == .inputTooLong)
    }

    @Test func `what a program writes goes where it should`() async throws {
        let words = ["-c", "echo out; echo err >&2; exit 3"]
        let kept = try await run("/bin/sh", words)
        #expect(!kept.isSuccess && text(kept) == "out\n" && kept.errors == Array("err\n".utf8))
        let output = try await run("/bin/sh", words, streams: .output(100))
        #expect(text(output) == "out\n" && output.errors == [])
        #expect(text(try await run("/bin/sh", words, streams: .together(100))) == "out\nerr\n")
        try await withTemporaryFolder { folder in
            let path = folder.appending("log")
            #expect(try await run("/bin/sh", words, streams: .file(path)).output == [])
            #expect(try String(contentsOfFile: path.string, encoding: .utf8) == "out\nerr\n")
            let links = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").map {
                try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)")
            }
            #expect(!links.contains(path.string), "it stays open")
        }
    }

    @Test func `a program that is missing, or breaks a limit, is told as that`() async throws {
        #expect(await code { _ = try await run("/nonexistent") } == .cannotStart)
        #expect(await code { _ = try await run("/usr/bin/yes", streams: .together(1000)) } == .failed)
    }

    @Test(arguments: ["limit of time", "limit of output", "cancellation"])
    func `what ends a program ends all that it started`(_ cause: String) async throws {
        try await withTemporaryFolder { folder in
            let ready = folder.appending("ready").string
            let helper = #"/bin/sh -c 'sleep 1000; true' sh "$1" &"#
            let script = #"touch "$1"; "# + helper + helper + (cause == "limit of output" ? "sleep 0.1; yes" : "wait")
            let program = ChildProgram(
                "/bin/sh", ["-c", script, "sh", ready], environment: ["PATH": "/usr/bin:/bin"],
                streams: .together(1000), timeLimit: cause == "limit of time" ? .milliseconds(300) : .hanging)
            let run = Task { try await program.run() }
            if cause == "cancellation" {
                try await until { FileManager.default.fileExists(atPath: ready) }
                run.cancel()
            }
            await #expect(throws: (any Error).self) { try await run.value }
            try await until { try !isNamedByAProcess(ready) }
        }
    }

    private func code(_ body: () async throws -> Void) async -> ChildProgramError.Code? {
        do { try await body() } catch { return (error as? ChildProgramError)?.code }
        return nil
    }

    /// Whether a process has a text among its words.
    private func isNamedByAProcess(_ text: String) throws -> Bool {
        try FileManager.default.contentsOfDirectory(atPath: "/proc").contains { name in
            guard Int(name) != nil else { return false }
            let words = try? String(contentsOf: URL(filePath: "/proc/\(name)/cmdline"), encoding: .utf8)
            return words?.contains(text) ?? false
        }
    }
}
