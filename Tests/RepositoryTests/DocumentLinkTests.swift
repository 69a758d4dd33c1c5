import Foundation
import TestSupport
import Testing

/// The documents of this repository, and what they point at.
@Suite struct DocumentLinkTests {
    @Test func `every relative link leads to a file, and every link within to a heading`() throws {
        let documents = try documents()
        try #require(documents.contains("README.md"), "the documents are not where this test looks for them")
        for path in documents {
            let text = try prose(of: path)
            for match in text.matches(of: /\]\(([^)\s]+)\)/) {
                let target = String(match.1)
                guard !target.contains("://"), !target.hasPrefix("mailto:") else { continue }
                let parts = target.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false).map(
                    String.init)
                let folder = path.split(separator: "/").dropLast().joined(separator: "/")
                let file = parts[0].isEmpty ? path : (folder.isEmpty ? parts[0] : "\(folder)/\(parts[0])")
                let url = Repository.root.appending(path: file)
                #expect(FileManager.default.fileExists(atPath: url.path), "\(path) links to \(target)")
                if parts.count == 2, file.hasSuffix(".md"), FileManager.default.fileExists(atPath: url.path) {
                    let headings = try String(contentsOf: url, encoding: .utf8).split(separator: "\n")
                        .filter { $0.hasPrefix("#") }.map(anchor)
                    #expect(headings.contains(parts[1]), "\(path) links to \(target)")
                }
            }
        }
    }

    /// As GitHub makes one of a heading.
    private func anchor(_ heading: Substring) -> String {
        let words = heading.drop { $0 == "#" || $0 == " " }.lowercased().filter {
            $0.isLetter || $0.isNumber || $0 == " " || $0 == "-" || $0 == "_"
        }
        return words.replacingOccurrences(of: " ", with: "-")
    }

    /// A document without its examples.
    private func prose(of path: String) throws -> String {
        let parts = try Repository.text(path).components(separatedBy: "```")
        return parts.enumerated().filter { $0.offset.isMultiple(of: 2) }.map(\.element).joined()
    }

    private func documents() throws -> [String] {
        let folders = ["", "Sources", "Tests", "images", "docs"]
        return try folders.flatMap { folder -> [String] in
            let path = Repository.root.appending(path: folder).path
            guard FileManager.default.fileExists(atPath: path) else { return [] }
            let names =
                try folder.isEmpty
                ? FileManager.default.contentsOfDirectory(atPath: path)
                : FileManager.default.subpathsOfDirectory(atPath: path)
            return names.filter { $0.hasSuffix(".md") }.map { folder.isEmpty ? $0 : "\(folder)/\($0)" }
        }
    }
}
