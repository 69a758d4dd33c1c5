import ConfigurationFile

/// Reads an image's definition: `image.yaml` on top of the files that it includes, and one of its variants on top of
/// that.
struct DefinitionReader {
    /// The limit on nested includes, counting `image.yaml` itself.
    static let depthLimit = 8
    /// The limit on included files, each counted as often as it is included.
    static let countLimit = 64

    let findings: Findings
    /// The prefix of a path in the images' folder when a person reads it: `images/`.
    private let prefix: String
    /// The path of `image.yaml` in the images' folder.
    private let path: [String]
    private let include: (String) throws(IncludeRefusal) -> [UInt8]
    /// The contents of all files, in the order in which they were read.
    private(set) var files: [[UInt8]] = []
    private var includedCount = 0
    /// Whether a file could not be included, so that what is missing says nothing.
    private var isIncomplete = false

    init(_ file: String, _ findings: Findings, include: @escaping (String) throws(IncludeRefusal) -> [UInt8]) {
        let names = file.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        prefix = names.dropLast(2).map { $0 + "/" }.joined()
        path = names.count < 2 ? ["image"] + names : names.suffix(2)
        self.findings = findings
        self.include = include
    }

    /// Returns the document with the variant in it, and what the image says of its variants; `nil` if that was
    /// reported.
    mutating func read(
        _ bytes: [UInt8], variant asked: String?
    ) throws(DefinitionErrors) -> (root: YAMLNode, choice: VariantChoice)? {
        guard var root = document(bytes, path, in: nil, chain: [path], on: nil) else { return nil }
        let choice = try VariantChoice(root.take("variants"), asked: asked, findings)
        if let overlay = choice.overlay, !overlay.isNothing {
            let base = overlay.position.file.map { path(shownAs: $0) } ?? path
            root = resolved(overlay, base, chain: [base], on: root)
        }
        guard !isIncomplete else { return nil }
        root.refuseReplacements(findings)
        return (root, choice)
    }

    private func shown(_ path: [String]) -> String { prefix + path.joined(separator: "/") }

    private func path(shownAs name: String) -> [String] {
        name.dropFirst(prefix.count).split(separator: "/").map(String.init)
    }

    /// Reads one file, and puts it with what it includes on top of what has been read before.
    private mutating func document(
        _ bytes: [UInt8], _ path: [String], in file: String?, chain: [[String]], on below: YAMLNode?
    ) -> YAMLNode? {
        files.append(bytes)
        findings.file = file
        let read = YAMLNode.read(bytes, findings)
        findings.file = nil
        guard let read else { return nil }
        let node = file.map(read.placed) ?? read
        guard Field(name: "", node: node, findings: findings).hasKnownSchema() else { return nil }
        return resolved(node, path, chain: chain, on: below)
    }

    /// Puts what a document includes, in the order in which that is listed, and then the document itself on top of what
    /// has been read before.
    private mutating func resolved(
        _ document: YAMLNode, _ path: [String], chain: [[String]], on below: YAMLNode?
    ) -> YAMLNode {
        var (document, below) = (document, below)
        let list = document.take("include")
        for entry in list.map({ Field(name: "include", node: $0, findings: findings).list() }) ?? [] {
            guard let included = included(entry, from: path, chain, on: below) else {
                isIncomplete = true
                continue
            }
            below = included
        }
        return below?.merged(with: document) ?? document
    }

    private mutating func included(
        _ entry: Field, from path: [String], _ chain: [[String]], on below: YAMLNode?
    ) -> YAMLNode? {
        guard let target = entry.includedPath(from: path) else { return nil }
        guard !chain.contains(target) else {
            let circle = (chain + [target]).map(shown).joined(separator: " → ")
            entry.report("the file '\(shown(target))' includes itself: \(circle)", hint: "remove one of the includes")
            return nil
        }
        guard chain.count < Self.depthLimit else {
            entry.report("files are included more than \(Self.depthLimit) levels deep")
            return nil
        }
        includedCount += 1
        guard includedCount <= Self.countLimit else {
            if includedCount == Self.countLimit + 1 {
                entry.report("more than \(Self.countLimit) files are included")
            }
            return nil
        }
        do {
            let bytes = try include(target.joined(separator: "/"))
            return document(bytes, target, in: shown(target), chain: chain + [target], on: below)
        } catch {
            entry.report("cannot include '\(shown(target))': \(error.message)", hint: error.hint)
            return nil
        }
    }
}

/// Why a file cannot be included.
package struct IncludeRefusal: Error, Hashable, Sendable {
    package var message: String
    package var hint: String?
    package init(_ message: String, hint: String? = nil) {
        self.message = message
        self.hint = hint
    }
}

extension Field {
    /// Reads the path of an included file, relative to the file that includes it, and returns its path in the images'
    /// folder, which it must not leave.
    fileprivate func includedPath(from path: [String]) -> [String]? {
        let text = text("the path of a file to include", like: "../debian/trixie.yaml") { text in
            (1...4096).contains(text.utf8.count) && !text.hasPrefix("/") && !text.hasSuffix("..")
                && text.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { !["", "."].contains($0) }
        }
        guard let text else { return nil }
        var target = Array(path.dropLast())
        for name in text.split(separator: "/").map(String.init) {
            guard name == ".." else {
                target.append(name)
                continue
            }
            guard target.popLast() != nil else {
                report(
                    "the path '\(text)' leaves the folder of the images",
                    hint: "move the file there, for example beside image.yaml")
                return nil
            }
        }
        return target
    }
}
