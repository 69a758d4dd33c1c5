import ImageDefinition
import Testing

/// A text in which `▶` marks the places where diagnostics are expected.
struct Marked {
    var bytes: [UInt8]
    var positions: [Diagnostic.Position] = []

    init(_ text: String) {
        var (line, column) = (1, 1)
        var plain = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "▶":
                positions.append(Diagnostic.Position(line: line, column: column))
                continue
            case "\n": (line, column) = (line + 1, 1)
            default: column += 1
            }
            plain.unicodeScalars.append(scalar)
        }
        bytes = Array(plain.utf8)
    }
}

/// The keys that every definition needs; the tests append their fragments.
let head = "schema: 1\nname: demo\nplatforms: [linux/amd64]\n"
let windowsHead = head.replacing("[linux/amd64]", with: "[windows/amd64]")

func parsed(_ text: String) throws -> Definition { try Definition(parsing: Array(text.utf8), file: "image.yaml") }

/// Parses a marked definition and expects one diagnostic at each mark, with these messages and hints.
func expectRefusal(
    _ text: String, _ expected: (message: String, hint: String?)..., at location: SourceLocation = #_sourceLocation
) {
    let marked = Marked(text)
    let error = #expect(throws: DefinitionErrors.self, sourceLocation: location) {
        try Definition(parsing: marked.bytes, file: "image.yaml")
    }
    guard let found = error?.diagnostics else { return }
    #expect(found.map(\.message) == expected.map(\.message), sourceLocation: location)
    #expect(found.map(\.hint) == expected.map(\.hint), sourceLocation: location)
    #expect(found.compactMap(\.position) == marked.positions, sourceLocation: location)
}
