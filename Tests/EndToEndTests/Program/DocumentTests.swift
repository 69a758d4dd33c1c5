import Foundation
import TestSupport
import Testing

extension ProgramTests {
    /// The commands in the documents, run as they stand there, on a machine without a network.
    @Suite struct DocumentTests {
        struct Command: Sendable, CustomTestStringConvertible {
            var document: String
            var line: String
            var testDescription: String { "\(document): \(line)" }
        }

        @Test(arguments: commands(of: "imagebuild"))
        func `a command is understood, and does its work where it needs nothing from outside`(
            _ command: Command
        ) async throws {
            try await CommandLineFixture.scoped { fixture in
                let images = fixture.folder.appending(path: "images")
                try FileManager.default.removeItem(at: images)
                try FileManager.default.copyItem(at: Repository.root.appending(path: "images"), to: images)
                let words = command.line.replacingOccurrences(of: "/srv/", with: "srv/")
                    .replacingOccurrences(of: "--port 5000", with: "--port 0")
                try fixture.write(
                    "exec '\(Program.imagebuild)' \(words.dropFirst("imagebuild ".count))\n", to: "command")
                var setting = fixture.setting.cutOff()
                setting.environment["IMAGEBUILD_STORE"] = fixture.store.path
                setting.environment["IMAGEBUILD_DEBIAN_MIRROR"] = "http://127.0.0.1:1/debian"
                // Without a terminal: nobody is there to be asked.
                let program = try Program(["setsid", "-w", "sh", "command"], in: setting)
                if words.contains("registry serve") {
                    _ = try await program.firstLine()
                    try await fixture.tool("pkill", "-TERM", "-P", "\(program.process)")
                }
                let ended = try await program.ended()
                #expect(ended.status != 64, "\(ended.errors)")
                // A new store has no index, so that nothing is proven from it.
                let expected: Int32 = words.contains("lock etcd --check --offline") ? 3 : 0
                if needsNothing(words) { #expect(ended.status == expected, "\(ended.errors)") }
            }
        }

        @Test(arguments: commands(of: "make"))
        func `a target of the Makefile is there`(_ command: Command) async throws {
            try await CommandLineFixture.scoped { fixture in
                let arguments = command.line.dropFirst("make".count)
                try fixture.write("exec make -n -C '\(Repository.root.path)'\(arguments)\n", to: "command")
                let ended = try await Program.run(["sh", "command"], in: fixture.setting)
                #expect(ended.status == 0, "\(ended.errors)")
            }
        }

        @Test func `make release does a step of the release file for a version`() async throws {
            try await CommandLineFixture.scoped { fixture in
                let words = ["release", "VERSION=v3.6.14", "PREV_VERSION=v3.6.13", "STEP=build"]
                let ended = try await Program.run(
                    ["make", "-n", "-C", Repository.root.path] + words, in: fixture.setting)
                let command = "release build manifests/release/etcd.yaml --version v3.6.14 --previous v3.6.13 "
                #expect(ended.status == 0 && ended.output.contains(command), "\(ended.output)\(ended.errors)")
            }
        }

        private func needsNothing(_ words: String) -> Bool {
            if words.hasSuffix(" --help") || words.hasSuffix(" --version") { return true }
            return ["--offline", "imagebuild store ", "registry serve"].contains { words.contains($0) }
                && ![" build ", " push ", " release "].contains { words.contains($0) }
        }

        /// Every document that people read, wherever it lies.
        private static let documents: [String] = {
            let (files, root) = (FileManager.default, Repository.root)
            let top = (try? files.contentsOfDirectory(atPath: root.path)) ?? []
            let below = ["docs", "images", "manifests"].flatMap { folder in
                ((try? files.subpathsOfDirectory(atPath: root.appending(path: folder).path)) ?? []).map {
                    "\(folder)/\($0)"
                }
            }
            return (top + below).filter { $0.hasSuffix(".md") }.sorted()
        }()

        @Test func `the documents are found, and nothing in their examples is left open`() throws {
            #expect(Set(["README.md", "CONTRIBUTING.md", "images/etcd/README.md"]).isSubset(of: Self.documents))
            let commands = Self.commands(of: "imagebuild")
            #expect(commands.count > 25 && commands.allSatisfy { !$0.line.contains("…") })
        }

        /// The lines of a document's shell examples that call this program, without the notes behind them.
        private static func commands(of program: String) -> [Command] {
            documents.flatMap { document -> [Command] in
                let text = (try? Repository.text(document)) ?? ""
                // A command may go on in the next line.
                let parts = text.replacing(/\\\n\s*/, with: "").components(separatedBy: "```")
                let examples = parts.enumerated().filter { $0.offset % 2 == 1 && $0.element.hasPrefix("sh\n") }
                return examples.flatMap { $0.element.split(separator: "\n").dropFirst() }.compactMap { line in
                    let command = line.split(separator: /\s#\s/)[0].trimmingCharacters(in: .whitespaces)
                    guard command.hasPrefix(program + " ") || command == program else { return nil }
                    return Command(document: document, line: command)
                }
            }
        }
    }
}
