/// A text in which `$NAME` and `${NAME}` stand for the values of variables, and `$$` for a dollar sign.
package struct VariableText: Hashable, Sendable {
    /// A reason why a text cannot be read.
    package struct Malformed: Error, Hashable, Sendable {
        package var message: String
    }

    private enum Part: Hashable, Sendable {
        case text(Substring)
        case variable(String)
    }

    private let parts: [Part]

    /// Reads a text. A `$` before anything else than a name, a brace or a second `$` stands for itself.
    package init(_ text: String) throws(Malformed) {
        var parts: [Part] = []
        var rest = text[...]
        while let dollar = rest.firstIndex(of: "$") {
            parts.append(.text(rest[..<dollar]))
            rest = rest[rest.index(after: dollar)...]
            if rest.first == "$" {
                parts.append(.text("$"))
                rest = rest.dropFirst()
            } else if rest.first == "{" {
                let name = rest.dropFirst().prefix { $0 != "}" }
                guard name.endIndex < rest.endIndex else { throw Malformed(message: "'${' is never closed by '}'") }
                guard Self.isName(name) else {
                    throw Malformed(message: "'${\(name)}' does not name a variable")
                }
                parts.append(.variable(String(name)))
                rest = rest[rest.index(after: name.endIndex)...]
            } else {
                let name = rest.prefix { Self.isNamePart($0) }
                parts.append(Self.isName(name) ? .variable(String(name)) : .text("$"))
                if Self.isName(name) { rest = rest[name.endIndex...] }
            }
        }
        self.parts = parts + [.text(rest)]
    }

    /// Returns the text with the values of its variables filled in.
    package func filled<Failure>(_ value: (String) throws(Failure) -> String) throws(Failure) -> String {
        var result = ""
        for part in parts {
            switch part {
            case .text(let text): result += text
            case .variable(let name): result += try value(name)
            }
        }
        return result
    }

    private static func isName(_ name: Substring) -> Bool {
        name.allSatisfy(isNamePart) && name.first.map { !("0"..."9").contains($0) } ?? false
    }

    private static func isNamePart(_ character: Character) -> Bool {
        character == "_" || character.isASCII && (character.isLetter || character.isNumber)
    }
}
