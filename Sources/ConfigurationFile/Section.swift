/// The keys that one kind of mapping may have.
package struct Keys {
    package var required: [String]
    package var optional: [String]

    package init(required: [String] = [], optional: [String] = []) {
        self.required = required
        self.optional = optional
    }

    package var all: [String] { required + optional }
}

/// A mapping with known keys, each given at most once.
package struct Section {
    private let name: String
    private let keys: Keys
    private let fields: [String: Field]

    /// The value of a key, or `nil` if it is not given. A missing required key has already been reported.
    package subscript(key: String) -> Field? {
        precondition(keys.all.contains(key), "'\(key)' is not a key of '\(name)'")
        return fields[key]
    }

    fileprivate init(name: String, keys: Keys, fields: [String: Field]) {
        self.name = name
        self.keys = keys
        self.fields = fields
    }
}

extension Field {
    /// Reads a mapping with known keys; reports unknown and missing ones.
    package func section(_ keys: Keys) -> Section? {
        guard case .mapping(let pairs) = node.value else {
            report(
                node.isNothing ? "'\(name)' has no value" : "'\(name)' must be a mapping, not \(node.kind)",
                hint: "give it the keys " + keys.all.joined(separator: ", "))
            return nil
        }
        var fields: [String: Field] = [:]
        for (key, value) in pairs {
            guard case .scalar(let text, _) = key.value else {
                findings.report("a key must be text, not \(key.kind)", at: key.position)
                continue
            }
            guard keys.all.contains(text) else {
                findings.report(
                    "unknown key '\(text)'" + (name.isEmpty ? "" : " in '\(name)'"), at: key.position,
                    hint: Spelling.hint(for: text, among: keys.all))
                continue
            }
            fields[text] = Field(name: name.isEmpty ? text : "\(name).\(text)", node: value, findings: findings)
        }
        for key in keys.required where fields[key] == nil {
            report("the key '\(key)' is missing" + (name.isEmpty ? "" : " in '\(name)'"))
        }
        return Section(name: name, keys: keys, fields: fields)
    }

    /// Returns whether this reader knows the file's `schema`. If not, nothing else in the file can be judged.
    package func hasKnownSchema() -> Bool {
        guard case .mapping(let pairs) = node.value,
            let schema = pairs.first(where: { if case .scalar("schema", _) = $0.key.value { true } else { false } })
        else { return true }
        let field = Field(name: "schema", node: schema.value, findings: findings)
        guard let number = field.integer(in: 0...Int.max), number != 1 else { return true }
        field.report("unknown schema \(number)", hint: "this version knows schema 1; a later one may know more")
        return false
    }
}
