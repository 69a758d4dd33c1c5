import Yams

/// A YAML value with its position: the part of the YAML library's own tree that this module keeps.
struct YAMLNode {
    indirect enum Value {
        /// A scalar; `isPlain` if it was written without quotes, so that it may be a number or nothing at all.
        case scalar(String, isPlain: Bool)
        case sequence([YAMLNode])
        case mapping([(key: YAMLNode, value: YAMLNode)])
    }

    var position: Diagnostic.Position
    var value: Value

    /// A noun for the value, for messages.
    var kind: String {
        switch value {
        case .scalar: isNothing ? "nothing" : "text"
        case .sequence: "a list"
        case .mapping: "a mapping"
        }
    }

    /// Whether the value is missing or a plain `null`.
    var isNothing: Bool {
        guard case .scalar(let text, isPlain: true) = value else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(text)
    }

    /// Reads the single document of a file; reports syntax errors, anchors, tags and repeated keys.
    static func read(_ bytes: [UInt8], _ findings: Findings) -> YAMLNode? {
        guard let source = YAMLText(bytes, findings) else { return nil }
        do {
            // The parser owns the anchors, so it must live until the tree is converted. The basic resolver leaves every
            // scalar as it is written: 3.10 stays 3.10.
            let parser = try Parser(yaml: source.text, resolver: .basic, encoding: .utf8)
            guard let root = try parser.singleRoot() else {
                findings.report("the file is empty", at: nil)
                return nil
            }
            return withExtendedLifetime(parser) { convert(root, findings) }
        } catch let error as YamlError {
            report(error, findings)
        } catch {
            findings.report("cannot read the YAML: \(error)", at: nil)
        }
        return nil
    }

    private static func convert(_ node: Node, _ findings: Findings) -> YAMLNode {
        let position = node.mark.map { Diagnostic.Position(line: $0.line, column: $0.column) }
        if node.anchor != nil {
            findings.report(
                "an anchor: anchors and aliases are not accepted", at: position, hint: "write the value out")
        }
        let tag = node.tag.description
        if tag != "!", !tag.hasPrefix("tag:yaml.org,2002:") {
            findings.report("the tag '\(tag)' is not accepted", at: position, hint: "remove it")
        }
        let value: Value =
            switch node {
            case .scalar(let scalar): .scalar(scalar.string, isPlain: scalar.style == .plain)
            case .sequence(let sequence): .sequence(sequence.map { convert($0, findings) })
            case .mapping(let mapping):
                .mapping(mapping.map { (convert($0.key, findings), convert($0.value, findings)) })
            // Already refused by `YAMLText`, because of its spelling.
            case .alias: .scalar("", isPlain: true)
            }
        return YAMLNode(position: position ?? Diagnostic.Position(line: 1, column: 1), value: value)
    }

    private static func report(_ error: YamlError, _ findings: Findings) {
        switch error {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            let doing = context.map { " \($0.text) that began at line \($0.mark.line)" } ?? ""
            findings.report(
                "not valid YAML: \(problem)\(doing)", at: Diagnostic.Position(line: mark.line, column: mark.column))
        case .duplicatedKeysInMapping(let keys, let context):
            let named = keys.map { "'\($0)'" }.joined(separator: ", ")
            findings.report(
                "given more than once in one mapping: \(named)",
                at: Diagnostic.Position(line: context.mark.line, column: context.mark.column), hint: "keep one of them")
        case .reader(let problem, _, _, _): findings.report("not valid YAML: \(problem)", at: nil)
        default: findings.report("not valid YAML: \(error)", at: nil)
        }
    }
}
