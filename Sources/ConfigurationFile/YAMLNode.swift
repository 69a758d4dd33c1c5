/// A YAML value with its position.
package struct YAMLNode {
    package indirect enum Value {
        /// A scalar; `isPlain` if it was written without quotes, so that it may be a number or nothing at all.
        case scalar(String, isPlain: Bool)
        case sequence([YAMLNode])
        case mapping([(key: YAMLNode, value: YAMLNode)])
    }

    package var position: Diagnostic.Position
    package var value: Value

    package init(position: Diagnostic.Position, value: Value) {
        self.position = position
        self.value = value
    }

    /// A noun for the value, for messages.
    package var kind: String {
        switch value {
        case .scalar: isNothing ? "nothing" : "text"
        case .sequence: "a list"
        case .mapping: "a mapping"
        }
    }

    /// Whether the value is missing or a plain `null`.
    package var isNothing: Bool {
        guard case .scalar(let text, isPlain: true) = value else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(text)
    }

    /// Returns the value with its positions in an included file.
    package func placed(in file: String) -> YAMLNode {
        var node = self
        node.position.file = file
        switch value {
        case .scalar: break
        case .sequence(let items): node.value = .sequence(items.map { $0.placed(in: file) })
        case .mapping(let pairs):
            node.value = .mapping(pairs.map { ($0.key.placed(in: file), $0.value.placed(in: file)) })
        }
        return node
    }

    /// Reads the single document of a file; reports syntax errors, anchors, tags and repeated keys.
    package static func read(_ bytes: [UInt8], _ findings: Findings) -> YAMLNode? {
        guard let source = YAMLText(bytes, findings) else { return nil }
        do {
            guard let root = try YAMLReader.read(source.text, findings) else {
                findings.report("the file is empty", at: nil)
                return nil
            }
            return root
        } catch {
            findings.report(error.message, at: error.position, hint: error.hint)
            return nil
        }
    }
}
