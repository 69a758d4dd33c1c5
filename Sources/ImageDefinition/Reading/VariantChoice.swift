import ConfigurationFile

/// The variants that a definition offers, and the one that is meant. The first one is the default.
struct VariantChoice {
    /// The name of the variant; `nil` if the image has none.
    var name: String?
    var isDefault = true
    /// The document that changes the rest of the definition.
    var overlay: YAMLNode?

    init(_ node: YAMLNode?, asked: String?, _ findings: Findings) throws(DefinitionErrors) {
        let variants = node.map { Field(name: "variants", node: $0, findings: findings).entries() } ?? []
        for (key, value) in variants {
            _ = key.text("a variant's name", like: "upstream") { text in
                text.utf8.count <= 64 && text.utf8.first.map(isLowerAlphanumeric) ?? false
                    && text.utf8.allSatisfy { isLowerAlphanumeric($0) || $0 == UInt8(ascii: "-") }
            }
            guard !value.node.isNothing else { continue }
            for (nested, _) in value.entries() where nested.scalar == "variants" {
                nested.report("a variant has no variants of its own", hint: "list them side by side")
            }
        }
        if let node, case .mapping(let pairs) = node.value, pairs.isEmpty {
            findings.report("'variants' is empty", at: node.position)
        }
        let names = variants.map(\.key.scalar)
        guard let chosen = asked.map({ names.firstIndex(of: $0) }) ?? (names.isEmpty ? nil : 0) else {
            guard let asked else { return }
            throw DefinitionErrors(
                .invalidDefinition, file: "--variant",
                diagnostics: [
                    Diagnostic(
                        at: nil, "the image has no variant '\(asked)'",
                        hint: names.isEmpty ? "it has none" : Spelling.hint(for: asked, among: names.compactMap(\.self))
                    )
                ])
        }
        name = names[chosen]
        isDefault = chosen == 0
        overlay = variants[chosen].value.node
    }
}

extension Field {
    /// The text of a scalar, unchecked.
    fileprivate var scalar: String? { if case .scalar(let text, _) = node.value { text } else { nil } }
}
