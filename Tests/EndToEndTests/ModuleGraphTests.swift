import Foundation
import Testing

/// The module table of ARCHITECTURE.md, held against the `import` lines.
@Suite struct ModuleGraphTests {
    /// By folder of Sources: every module that its files may import.
    private static let allowed: [String: Set<String>] = [
        "DurableFiles": ["SystemPackage"],
        "Scheduling": ["NIOPosix", "Synchronization"],
        "OCIModel": ["Crypto", "FoundationEssentials"],
        "ImageDefinition": ["OCIModel", "Yams", "FoundationEssentials"],
        "LayerArchive": [
            "OCIModel", "CArchive", "CDeflate", "CZstd", "SystemPackage", "Synchronization", "Dispatch",
            "FoundationEssentials",
        ],
        "OCIContent": [
            "DurableFiles", "Scheduling", "OCIModel", "NIOCore", "NIOPosix", "SystemPackage", "Synchronization",
        ],
        "HTTPTransfer": [
            "OCIModel", "AsyncHTTPClient", "NIOCore", "NIOHTTP1", "NIOPosix", "NIOSSL", "SystemPackage",
            "Synchronization",
            "FoundationEssentials",
        ],
        "ImageInputs": [
            "DurableFiles", "Scheduling",
            "OCIModel", "ImageDefinition", "LayerArchive", "OCIContent", "HTTPTransfer", "AsyncHTTPClient", "NIOCore",
            "NIOHTTP1", "Subprocess", "SystemPackage", "Synchronization", "FoundationEssentials",
        ],
        "OCIRegistry": [
            "DurableFiles", "Scheduling",
            "OCIModel", "OCIContent", "HTTPTransfer", "AsyncHTTPClient", "NIOCore", "NIOHTTP1", "NIOPosix", "NIOSSL",
            "Subprocess", "SystemPackage", "Synchronization", "FoundationEssentials",
        ],
        "RegistryServer": [
            "DurableFiles", "Scheduling",
            "OCIModel", "OCIContent", "CCrypt", "Hummingbird", "HummingbirdCore", "HummingbirdTLS", "HTTPTypes",
            "Logging",
            "NIOCore", "NIOSSL", "ServiceLifecycle", "SystemPackage", "Synchronization",
        ],
        "OCIArchive": ["DurableFiles", "OCIModel", "LayerArchive", "OCIContent", "NIOCore", "SystemPackage"],
        "ImageAssembly": [
            "DurableFiles", "Scheduling", "OCIModel", "ImageDefinition", "LayerArchive", "OCIContent", "SystemPackage",
        ],
        "ImageBuilding": [
            "DurableFiles", "Scheduling", "OCIModel", "ImageDefinition", "LayerArchive", "OCIContent", "ImageInputs",
            "ImageAssembly", "OCIArchive", "OCIRegistry", "RegistryServer", "Subprocess", "SystemPackage",
            "Synchronization",
        ],
        "imagebuild": [
            "DurableFiles", "Scheduling", "OCIModel", "ImageDefinition", "LayerArchive", "OCIContent", "HTTPTransfer",
            "ImageInputs", "ImageAssembly", "OCIRegistry", "RegistryServer", "ImageBuilding", "ArgumentParser",
            "Logging", "SystemPackage", "Synchronization", "FoundationEssentials", "Dispatch",
        ],
    ]
    /// The C library serves these alone.
    private static let systemCallers: Set<String> = ["LayerArchive", "DurableFiles", "ImageAssembly", "imagebuild"]

    @Test func `each module imports only what the table lets it`() throws {
        for (module, file, lines) in try sources() {
            guard let allowed = Self.allowed[module] else {
                Issue.record("the table does not know the module \(module)")
                continue
            }
            for name in imports(lines) {
                let isSystem = ["Glibc", "Musl"].contains(name)
                #expect(
                    isSystem ? Self.systemCallers.contains(module) : allowed.contains(name),
                    "\(module)/\(file) imports \(name)")
            }
        }
    }

    @Test func `one module each knows YAML, C libraries and the argument parser`() throws {
        let only = [
            "Yams": "ImageDefinition", "CArchive": "LayerArchive", "CDeflate": "LayerArchive", "CZstd": "LayerArchive",
            "CCrypt": "RegistryServer",
            "ArgumentParser": "imagebuild", "Crypto": "OCIModel",
        ]
        for (module, file, lines) in try sources() {
            for name in imports(lines) where only[name] != nil {
                #expect(only[name] == module, "\(module)/\(file) imports \(name)")
            }
        }
        let hashing = try sources().filter { imports($0.lines).contains("Crypto") }
        #expect(hashing.map(\.file) == ["DigestHasher.swift"])
    }

    @Test func `libraries neither print nor ask their surroundings`() throws {
        let words = [
            "print(", "ProcessInfo", "getenv(", "currentDirectoryPath", "getcwd(", "Date()", "Clock().now", "Locale.",
            "setlocale(",
            "try!", "as!",
        ]
        for (module, file, lines) in try sources() where module != "imagebuild" {
            for (number, line) in lines.enumerated() {
                let code = line.components(separatedBy: "//")[0]
                for word in words where code.contains(word) {
                    Issue.record("\(module)/\(file):\(number + 1) has \(word): \(line)")
                }
            }
        }
    }

    @Test func `no source imports all of Foundation`() throws {
        for (module, file, lines) in try sources() {
            #expect(!imports(lines).contains("Foundation"), "\(module)/\(file)")
        }
    }

    private func sources() throws -> [(module: String, file: String, lines: [String])] {
        let root = CommandLineFixture.repository.appending(path: "Sources")
        let paths = try FileManager.default.subpathsOfDirectory(atPath: root.path).filter { $0.hasSuffix(".swift") }
        try #require(paths.count > 100, "the sources are not where this test looks for them")
        return try paths.sorted().map { path in
            let parts = path.split(separator: "/").map(String.init)
            let text = try String(contentsOf: root.appending(path: path), encoding: .utf8)
            return (parts[0], parts[parts.count - 1], text.components(separatedBy: "\n"))
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
