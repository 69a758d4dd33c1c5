/// A problem in an input file, with its position.
package struct Diagnostic: Hashable, Sendable {
    /// A line and a column, both counted from 1; columns count Unicode scalars, as editors do for ordinary text.
    package struct Position: Hashable, Sendable, Comparable {
        package var line: Int
        package var column: Int
        package init(line: Int, column: Int) {
            self.line = line
            self.column = column
        }

        package static func < (a: Position, b: Position) -> Bool { (a.line, a.column) < (b.line, b.column) }
    }

    /// The position, or `nil` if the problem concerns the whole file or the format keeps no positions (locks).
    package var position: Position?
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
