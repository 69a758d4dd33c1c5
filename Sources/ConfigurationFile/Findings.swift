/// Collects the diagnostics of one file while it is read, so that all of them can be shown together.
///
/// This is a class because every part of the reader adds to the same list; it never outlives the parsing that created
/// it.
package final class Findings {
    /// The number of diagnostics shown. Nobody would read more, and a hostile file could cause a million.
    private static let limit = 100

    private var diagnostics: [Diagnostic] = []

    /// The included file that is being read, or `nil` for the file that the errors name.
    package var file: String?

    package init() {}

    package var count: Int { diagnostics.count }

    package func report(_ message: String, at position: Diagnostic.Position?, hint: String? = nil) {
        var diagnostic = Diagnostic(at: position, message, hint: hint)
        if let file, position?.file == nil {
            diagnostic.position?.file = file
            diagnostic.wholeFile = position == nil ? file : nil
        }
        diagnostics.append(diagnostic)
    }

    /// Returns all diagnostics in the order of their positions, those of the whole file first.
    package func problems(of file: String) -> FileProblems {
        let start = Diagnostic.Position(line: 0, column: 0)
        let sorted = diagnostics.enumerated().sorted { a, b in
            let (left, right) = (a.element.position ?? start, b.element.position ?? start)
            return left == right ? a.offset < b.offset : left < right
        }.map(\.element)
        var shown = Array(sorted.prefix(Self.limit))
        if sorted.count > Self.limit {
            shown.append(
                Diagnostic(at: shown.last?.position, "\(sorted.count - Self.limit) more problems are not shown"))
        }
        return FileProblems(file: file, diagnostics: shown)
    }
}
