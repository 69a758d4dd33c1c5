/// Names in a text that stand for values: `${version}`.
package enum Placeholders {
    /// Returns the names between `${` and `}` in a text, with `nil` for one that is never closed.
    package static func names(in text: String) -> [String?] {
        var rest = text[...]
        var names: [String?] = []
        while let start = rest.firstRange(of: "${") {
            rest = rest[start.upperBound...]
            guard let end = rest.firstIndex(of: "}") else { return names + [nil] }
            names.append(String(rest[..<end]))
            rest = rest[end...]
        }
        return names
    }
}

extension Field {
    /// Reports placeholders that are not allowed in this text.
    package func checkPlaceholders(_ text: String, known: [String]) {
        for name in Placeholders.names(in: text) {
            guard let name else {
                report("'${' is never closed by '}'")
                continue
            }
            guard !known.contains(name) else { continue }
            report("unknown placeholder '${\(name)}'", hint: Spelling.hint(for: name, among: known))
        }
    }
}
