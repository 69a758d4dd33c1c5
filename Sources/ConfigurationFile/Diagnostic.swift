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
