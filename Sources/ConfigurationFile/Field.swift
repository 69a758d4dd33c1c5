/// A value of an input file with the name that messages use for it (`debian.packages[2].name`).
///
/// Each reading method returns the checked value, or reports what is wrong with it and returns `nil`.
package struct Field {
    package let name: String
    package let node: YAMLNode
    package let findings: Findings

    package init(name: String, node: YAMLNode, findings: Findings) {
        self.name = name
        self.node = node
        self.findings = findings
    }

    package func report(_ message: String, hint: String? = nil) {
        findings.report(message, at: node.position, hint: hint)
    }

    /// Reads any scalar as it is written. Numbers and `true` are text here: version 3.10 is not the number 3.1.
    package func text() -> String? {
        guard case .scalar(let text, _) = node.value, !node.isNothing else { return refuse("text") }
        guard text.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7f || $0 == "\n" || $0 == "\t" })
        else {
            report("'\(name)' contains a control character")
            return nil
        }
        return text
    }

    /// Reads a text that `isValid` accepts; `noun` and `example` say in the message what was expected.
    package func text(_ noun: String, like example: String, where isValid: (String) -> Bool) -> String? {
        guard let text = text() else { return nil }
        guard isValid(text) else {
            report("'\(text)' is not \(noun)", hint: "\(noun) looks like \(example)")
            return nil
        }
        return text
    }

    package func choice(_ noun: String, among known: [String]) -> String? {
        guard let text = text() else { return nil }
        guard known.contains(text) else {
            report("unknown \(noun) '\(text)'", hint: Spelling.hint(for: text, among: known))
            return nil
        }
        return text
    }

    package func boolean() -> Bool? {
        guard case .scalar(let text, isPlain: true) = node.value, ["true", "false"].contains(text) else {
            return refuse("true or false")
        }
        return text == "true"
    }

    package func integer(in range: ClosedRange<Int>) -> Int? {
        guard case .scalar(let text, isPlain: true) = node.value, !node.isNothing, isDecimal(text) else {
            return refuse("a number")
        }
        guard let number = Int(text), range.contains(number) else {
            report("'\(name)' is \(text), which is not between \(range.lowerBound) and \(range.upperBound)")
            return nil
        }
        return number
    }

    /// Returns the entries of a list, which must not be empty.
    package func list() -> [Field] {
        guard case .sequence(let nodes) = node.value else { return refuse("a list") ?? [] }
        if nodes.isEmpty { report("'\(name)' is an empty list") }
        return nodes.enumerated().map { Field(name: "\(name)[\($0.offset)]", node: $0.element, findings: findings) }
    }

    /// Returns the entries of a mapping whose keys are the user's own, in the user's order.
    package func entries() -> [(key: Field, value: Field)] {
        guard case .mapping(let pairs) = node.value else { return refuse("a mapping") ?? [] }
        return pairs.map { key, value in
            let shown = if case .scalar(let text, _) = key.value { text } else { "?" }
            return (
                Field(name: "\(name).\(shown)", node: key, findings: findings),
                Field(name: "\(name).\(shown)", node: value, findings: findings)
            )
        }
    }

    private func refuse<Value>(_ expected: String) -> Value? {
        report(
            node.isNothing ? "'\(name)' has no value" : "'\(name)' must be \(expected), not \(describeNode())",
            hint: node.isNothing ? "give it \(expected), or remove the key" : nil)
        return nil
    }

    private func describeNode() -> String {
        guard case .scalar(let text, _) = node.value else { return node.kind }
        return "'\(text.prefix(60))'"
    }
}

/// Returns whether the text is a decimal number. A sign is not accepted, since nothing here can be negative, nor is a
/// leading zero, which YAML 1.1 reads as octal.
private func isDecimal(_ text: String) -> Bool {
    text == "0" || text.utf8.allSatisfy { (0x30...0x39).contains($0) } && text.utf8.first != UInt8(ascii: "0")
}
