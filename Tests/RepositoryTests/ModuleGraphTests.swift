import Foundation
import TestSupport
import Testing

/// `Package.swift` says what each module may import: here it is held against the `import` lines.
@Suite struct ModuleGraphTests {
    /// The modules that come with Swift; nobody declares them.
    private static let standard: Set<String> = ["Dispatch", "FoundationEssentials", "Glibc", "Musl", "Synchronization"]
    /// Modules that come with the product of another name.
    private static let alsoOf = [
        "NIOSSL": ["CNIOBoringSSL"],
        "HummingbirdCore": ["HTTPTypes", "NIOHTTPTypes", "NIOHTTPTypesHTTP1", "ServiceLifecycle"],
    ]
    /// What one module of each alone knows.
    private static let owners = [
        "CYAML": "ConfigurationFile", "CArchive": "LayerArchive", "CDeflate": "LayerArchive", "CZstd": "LayerArchive",
        "CCrypt": "RegistryServer", "ArgumentParser": "imagebuild", "CNIOBoringSSL": "OCIModel",
        "Subprocess": "ChildPrograms",
    ]
    /// The C library serves these alone: the module for files, and the command line for its terminal.
    private static let systemCallers: Set<String> = ["DurableFiles", "imagebuild"]

    @Test func `each module imports what the package declares for it, and nothing else`() throws {
        let declared = try declaredDependencies()
        for (module, sources) in Dictionary(grouping: try sources(), by: \.module) {
            let dependencies = try #require(declared[module], "Package.swift does not know the module \(module)")
            let allowed = dependencies.union(dependencies.flatMap { Self.alsoOf[$0] ?? [] })
            let imported = Set(sources.flatMap { imports($0.lines) })
            for name in imported.subtracting(Self.standard).subtracting(allowed) {
                let files = sources.filter { imports($0.lines).contains(name) }.map(\.file)
                Issue.record("\(module) imports \(name), which it does not depend on: \(files.joined(separator: ", "))")
            }
            for name in dependencies where imported.isDisjoint(with: [name] + (Self.alsoOf[name] ?? [])) {
                Issue.record("\(module) depends on \(name), which no file of it imports")
            }
        }
    }

    @Test func `one module each knows YAML, C libraries, the argument parser and how programs are started`() throws {
        for (module, _, file, lines) in try sources() {
            for name in imports(lines) {
                if let owner = Self.owners[name] { #expect(owner == module, "\(module)/\(file) imports \(name)") }
            }
        }
        let hashing = try sources().filter { imports($0.lines).contains("CNIOBoringSSL") }
        #expect(hashing.map(\.file) == ["DigestHasher.swift"])
    }

    /// What lies directly in a target's folder is its door, which its rooms share: errors, values on the way in and out.
    @Test func `no two folders of a target need each other`() throws {
        for (module, sources) in Dictionary(grouping: try sources(), by: \.module) {
            let words = sources.map { (room: $0.room, words: Self.words($0.lines)) }
            let homes = Dictionary(
                sources.flatMap { source in Self.types(source.lines).map { ($0, source.room) } },
                uniquingKeysWith: { first, _ in first })
            var needs: [String: [String: Set<String>]] = [:]
            for (room, words) in words where !room.isEmpty {
                for word in words {
                    if let home = homes[word], home != room, !home.isEmpty {
                        needs[room, default: [:]][home, default: []].insert(word)
                    }
                }
            }
            for (room, others) in needs {
                for (other, words) in others where room < other {
                    guard let back = needs[other]?[room] else { continue }
                    Issue.record(
                        "\(module): \(room) needs \(words.sorted()) of \(other), which needs \(back.sorted()) of it")
                }
            }
        }
    }

    /// The names of the types that lines declare for other files.
    private static func types(_ lines: [String]) -> [String] {
        let declaration =
            /^(?:package |public |final |indirect |@\w+ )*(?:struct|enum|class|protocol|actor|typealias) (\w+)/
        return lines.compactMap { $0.firstMatch(of: declaration).map { String($0.1) } }
    }

    /// The words of the code, without comments and text.
    private static func words(_ lines: [String]) -> Set<String> {
        var words: Set<String> = []
        for line in lines {
            let code = line.components(separatedBy: "//")[0].replacing(/"(?:\\.|[^"\\])*"/, with: "")
            for word in code.split(whereSeparator: { !$0.isLetter && !$0.isNumber && $0 != "_" }) {
                words.insert(String(word))
            }
        }
        return words
    }

    @Test func `few modules call the system, and none imports all of Foundation`() throws {
        for (module, _, file, lines) in try sources() {
            let names = Set(imports(lines))
            #expect(!names.contains("Foundation"), "\(module)/\(file)")
            #expect(
                names.isDisjoint(with: ["Glibc", "Musl"]) || Self.systemCallers.contains(module), "\(module)/\(file)")
        }
    }

    @Test func `libraries neither print nor ask their surroundings`() throws {
        let words = [
            "print(", "ProcessInfo", "getenv(", "currentDirectoryPath", "getcwd(", "Date()", "Clock().now", "Locale.",
            "setlocale(", "try!", "as!",
        ]
        for (module, _, file, lines) in try sources() where module != "imagebuild" {
            for (number, line) in lines.enumerated() {
                let code = line.components(separatedBy: "//")[0]
                for word in words where code.contains(word) {
                    Issue.record("\(module)/\(file):\(number + 1) has \(word): \(line)")
                }
            }
        }
    }

    /// By target of Sources: the names of the targets and products that it depends on.
    private func declaredDependencies() throws -> [String: Set<String>] {
        let package = try Repository.text("Package.swift")
        let start = try #require(package.range(of: "targets: [\n        .systemLibrary"))
        let targets = package[start.upperBound...].components(separatedBy: "\n\n").joined(separator: "\n")
        var declared: [String: Set<String>] = [:]
        let target =
            /(?:library\(|\.executableTarget\(\s*name:)\s*"(\w+)",([\s\S]*?)(?=\n        (?:\.|library|test|\/\/|\]))/
        for match in (targets + "\n        ]").matches(of: target) {
            var text = String(match.2)
            // A package's name is none of a module.
            text.replace(/package: "[^"]+"/, with: "")
            declared[String(match.1)] = Set(text.matches(of: /"(\w+)"/).map { String($0.1) })
        }
        try #require(declared.count > 8, "Package.swift is not written as this test reads it")
        return declared
    }

    private func sources() throws -> [(module: String, room: String, file: String, lines: [String])] {
        let root = Repository.root.appending(path: "Sources")
        let paths = try FileManager.default.subpathsOfDirectory(atPath: root.path).filter { $0.hasSuffix(".swift") }
        try #require(paths.count > 100, "the sources are not where this test looks for them")
        return try paths.sorted().map { path in
            let parts = path.split(separator: "/").map(String.init)
            let text = try String(contentsOf: root.appending(path: path), encoding: .utf8)
            return (
                parts[0], parts[1..<(parts.count - 1)].joined(separator: "/"), parts[parts.count - 1],
                text.components(separatedBy: "\n")
            )
        }
    }

    /// `package import X`, `import struct X.Y` and the like, each as `X`.
    private func imports(_ lines: [String]) -> [String] {
        let kinds: Set<String> = ["struct", "class", "enum", "func", "protocol", "typealias", "var", "let"]
        return lines.compactMap { line in
            let words = line.split(separator: " ").map(String.init)
            guard let place = words.firstIndex(of: "import"), place <= 2, words.count > place + 1 else { return nil }
            guard
                words[..<place].allSatisfy({
                    ["package", "public", "internal", "private"].contains($0) || $0.hasPrefix("@")
                })
            else { return nil }
            let name = kinds.contains(words[place + 1]) ? words[place + 2] : words[place + 1]
            return String(name.split(separator: ".")[0])
        }
    }
}
