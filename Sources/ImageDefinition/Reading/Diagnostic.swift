/// One thing wrong with an input file, at the place where it stands.
package struct Diagnostic: Hashable, Sendable {
    /// Lines and columns count from 1; columns count Unicode scalars, as editors do for ordinary text.
    package struct Position: Hashable, Sendable, Comparable {
        package var line: Int
        package var column: Int
        package init(line: Int, column: Int) {
            self.line = line
            self.column = column
        }

        package static func < (a: Position, b: Position) -> Bool { (a.line, a.column) < (b.line, b.column) }
    }

    /// `nil` where the problem is the whole file's, or the format keeps no positions (locks).
    package var position: Position?
    /// What is wrong, lower-case, without a full stop.
    package var message: String
    /// What to do about it: `did you mean 'x'?`.
    package var hint: String?

    package init(at position: Position?, _ message: String, hint: String? = nil) {
        self.position = position
        self.message = message
        self.hint = hint
    }
}

/// Everything wrong with one definition, lock or file of maintainer scripts: all problems together, in order of position.
package struct DefinitionErrors: Error, Hashable, Sendable, CustomStringConvertible {
    /// What a caller can act on.
    package enum Code: Hashable, Sendable {
        /// The user's file is to be corrected.
        case invalidDefinition
        /// The lock is to be made again.
        case invalidLock
        /// The list of audited maintainer scripts is to be corrected.
        case invalidScripts
    }

    package var code: Code
    /// The file's name as the user knows it.
    package var file: String
    /// Never empty; sorted by position.
    package var diagnostics: [Diagnostic]

    package init(_ code: Code, file: String, diagnostics: [Diagnostic]) {
        self.code = code
        self.file = file
        self.diagnostics = diagnostics
    }

    /// One line per problem, `file:line:column: message`.
    package var message: String { diagnostics.map { line(for: $0, withHint: false) }.joined(separator: "\n") }

    /// The first problem's hint.
    package var hint: String? { diagnostics.lazy.compactMap(\.hint).first }

    /// One line per problem, `file:line:column: message (hint)`.
    package var description: String { diagnostics.map { line(for: $0, withHint: true) }.joined(separator: "\n") }

    private func line(for diagnostic: Diagnostic, withHint: Bool) -> String {
        let place = diagnostic.position.map { "\(file):\($0.line):\($0.column)" } ?? file
        let hint = withHint ? diagnostic.hint.map { " (\($0))" } ?? "" : ""
        return "\(place): \(diagnostic.message)\(hint)"
    }
}
