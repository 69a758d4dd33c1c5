/// A problem in an input file, with its position.
package struct Diagnostic: Hashable, Sendable {
    /// A line and a column, both counted from 1; columns count Unicode scalars, as editors do for ordinary text.
    package struct Position: Hashable, Sendable, Comparable {
        /// The name of an included file, or `nil` for the file that the errors name.
        package var file: String?
        package var line: Int
        package var column: Int
        package init(line: Int, column: Int, file: String? = nil) {
            self.file = file
            self.line = line
            self.column = column
        }

        package static func < (a: Position, b: Position) -> Bool {
            let files = (a.file ?? "", b.file ?? "")
            return files.0 == files.1
                ? (a.line, a.column) < (b.line, b.column) : files.0.utf8.lexicographicallyPrecedes(files.1.utf8)
        }
    }

    /// The position, or `nil` if the problem concerns the whole file or the format keeps no positions (locks).
    package var position: Position?
    /// The name of the included file that a problem without a position concerns.
    package var wholeFile: String?
    /// A description of the problem, in lower case and without a full stop.
    package var message: String
    /// A remedy: `did you mean 'x'?`.
    package var hint: String?

    package init(at position: Position?, _ message: String, hint: String? = nil) {
        self.position = position
        self.message = message
        self.hint = hint
    }
}

/// All problems of a definition, a lock or a file of maintainer scripts, in the order of their positions.
package struct DefinitionErrors: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kinds of failure that a caller can act on.
    package enum Code: Hashable, Sendable {
        /// The user's file must be corrected.
        case invalidDefinition
        /// The lock must be made again.
        case invalidLock
        /// The list of audited maintainer scripts must be corrected.
        case invalidScripts
    }

    package var code: Code
    /// The file's name as the user knows it.
    package var file: String
    /// The problems, sorted by position; never empty.
    package var diagnostics: [Diagnostic]

    package init(_ code: Code, file: String, diagnostics: [Diagnostic]) {
        self.code = code
        self.file = file
        self.diagnostics = diagnostics
    }

    /// A line for each problem: `file:line:column: message`.
    package var message: String { diagnostics.map { line(for: $0, withHint: false) }.joined(separator: "\n") }

    /// The hint of the first problem that has one.
    package var hint: String? { diagnostics.lazy.compactMap(\.hint).first }

    /// A line for each problem: `file:line:column: message (hint)`.
    package var description: String { diagnostics.map { line(for: $0, withHint: true) }.joined(separator: "\n") }

    private func line(for diagnostic: Diagnostic, withHint: Bool) -> String {
        let place =
            diagnostic.position.map { "\($0.file ?? file):\($0.line):\($0.column)" } ?? diagnostic.wholeFile ?? file
        let hint = withHint ? diagnostic.hint.map { " (\($0))" } ?? "" : ""
        return "\(place): \(diagnostic.message)\(hint)"
    }
}
