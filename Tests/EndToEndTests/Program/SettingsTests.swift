import Foundation
import TestSupport
import Testing

extension ProgramTests {
    /// `docs/settings.md` lists every key, option and variable, and names tests that are there.
    @Suite struct SettingsTests {
        private struct Schema: Decodable {
            struct Part: Decodable { var properties: [String: Ignored]? }
            struct Ignored: Decodable {}
            var properties: [String: Ignored]
            var parts: [String: Part]
            private enum CodingKeys: String, CodingKey {
                case properties
                case parts = "$defs"
            }
        }

        private struct Help: Decodable {
            struct Argument: Decodable {
                struct Name: Decodable { var kind, name: String }
                var names: [Name]?
            }
            struct Command: Decodable {
                var commandName: String
                var arguments: [Argument]?
                var subcommands: [Command]?

                var options: Set<String> {
                    let own = (arguments ?? []).flatMap { $0.names ?? [] }.filter { $0.kind == "long" }.map(\.name)
                    return Set(own).union((subcommands ?? []).filter { $0.commandName != "help" }.flatMap(\.options))
                }
            }
            var command: Command
        }

        /// The rows of the page by the headings above them, each as its cells without quotes.
        private func rows() throws -> [String: [[String]]] {
            let page = try String(contentsOf: Repository.root.appending(path: "docs/settings.md"), encoding: .utf8)
            var (rows, heading): ([String: [[String]]], String) = ([:], "")
            for line in page.split(separator: "\n") {
                if line.hasPrefix("#") {
                    heading = String(line.drop { $0 == "#" || $0 == " " }).replacing("`", with: "")
                }
                guard line.hasPrefix("| `") else { continue }
                let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
                rows[heading, default: []].append(cells.map { $0.replacing("`", with: "") })
            }
            return rows
        }

        @Test func `every key has a row`() throws {
            let data = try Data(contentsOf: Repository.root.appending(path: "images/image.schema.json"))
            let schema = try JSONDecoder().decode(Schema.self, from: data)
            let rows = try rows()
            func names(_ heading: String) -> Set<String> { Set((rows[heading] ?? []).map { $0[0] }) }
            #expect(names("Top level") == Set(schema.properties.keys))
            for (part, definition) in schema.parts {
                guard let keys = definition.properties?.keys else { continue }
                #expect(names(part) == Set(keys), "\(part)")
            }
        }

        @Test func `every option has a row`() async throws {
            try await CommandLineFixture.scoped { fixture in
                let text = try await fixture.succeed("--experimental-dump-help")
                let help = try JSONDecoder().decode(Help.self, from: Data(text.utf8))
                let listed = Set(try rows()["Options"]?.map { String($0[0].dropFirst(2)) } ?? [])
                #expect(listed == help.command.options.subtracting(["help", "version"]))
            }
        }

        @Test func `the store is in the user's cache folder unless another is named`() async throws {
            try await CommandLineFixture.scoped { fixture in
                var setting = fixture.setting
                setting.environment["XDG_CACHE_HOME"] = fixture.folder.appending(path: "cache").path
                let ended = try await Program.run([Program.imagebuild, "store", "verify"], in: setting)
                #expect(ended.status == 0, "\(ended.errors)")
                #expect(fixture.names(fixture.folder.appending(path: "cache/imagebuild")).contains("blobs"))
                // A relative path would be another in each folder; the specification has it passed over.
                setting.environment["XDG_CACHE_HOME"] = "relative"
                _ = try await Program.run([Program.imagebuild, "store", "verify"], in: setting)
                #expect(!fixture.names(fixture.folder).contains("relative"))
                #expect(fixture.names(fixture.folder.appending(path: ".cache/imagebuild")).contains("blobs"))
            }
        }

        @Test func `every row names tests that are there`() throws {
            let tests = Repository.root.appending(path: "Tests")
            let files = FileManager.default.enumerator(at: tests, includingPropertiesForKeys: nil)
            let names = Set((files?.allObjects as? [URL] ?? []).map { $0.deletingPathExtension().lastPathComponent })
            for row in try rows().values.joined() {
                #expect(names.contains(row.last ?? ""), "\(row[0]): \(row.last ?? "")")
                #expect(row.count >= 3 && !row[row.count - 2].isEmpty, "\(row[0])")
            }
        }
    }
}
