/// All problems of one input file, in the order of their positions.
package struct FileProblems: Error, Hashable, Sendable, CustomStringConvertible {
    /// The file's name as the user knows it.
    package var file: String
    /// The problems, sorted by position; never empty.
    package var diagnostics: [Diagnostic]

    package init(file: String, diagnostics: [Diagnostic]) {
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
