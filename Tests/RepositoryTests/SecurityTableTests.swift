import Foundation
import TestSupport
import Testing

/// `SECURITY.md` names the tests that hold it to its word: they exist.
@Suite struct SecurityTableTests {
    @Test func `every test that the table names is there`() throws {
        let text = try String(contentsOf: Repository.root.appending(path: "SECURITY.md"), encoding: .utf8)
        let named = Set(text.matches(of: /`(\w+Tests)`/).map { String($0.1) })
        #expect(named.count > 10)
        let files = FileManager.default.enumerator(
            at: Repository.root.appending(path: "Tests"), includingPropertiesForKeys: nil)
        var found: Set<String> = []
        while let file = files?.nextObject() as? URL {
            guard file.pathExtension == "swift" else { continue }
            let source = try String(contentsOf: file, encoding: .utf8)
            found.formUnion(source.matches(of: /(?:struct|class|enum) (\w+Tests)\b/).map { String($0.1) })
        }
        #expect(named.subtracting(found).sorted() == [])
        // A row without a test is a promise that nobody keeps.
        for row in text.split(separator: "\n") where row.hasPrefix("| the ") || row.hasPrefix("| a ") {
            #expect(row.contains("Tests`"), "\(row)")
        }
    }
}
