/// Collects the diagnostics of one file while it is read, so that all of them can be shown together.
///
/// This is a class because every part of the reader adds to the same list; it never outlives the parsing that created
/// it.
final class Findings {
    /// The number of diagnostics shown. Nobody would read more, and a hostile file could cause a million.
    static let limit = 100

    private var diagnostics: [Diagnostic] = []

    /// The included file that is being read, or `nil` for the file that the errors name.
    var file: String?

    var count: Int { diagnostics.count }

    func report(_ message: String, at position: Diagnostic.Position?, hint: String? = nil) {
        var diagnostic = Diagnostic(at: position, message, hint: hint)
        if let file, position?.file == nil {
            diagnostic.position?.file = file
            diagnostic.wholeFile = position == nil ? file : nil
        }
        diagnostics.append(diagnostic)
    }

    /// Returns all diagnostics in the order of their positions, those of the whole file first.
    func errors(_ code: DefinitionErrors.Code, file: String) -> DefinitionErrors {
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
        return DefinitionErrors(code, file: file, diagnostics: shown)
    }
}

/// Finds the word that a misspelt one was probably meant to be.
enum Spelling {
    /// Returns `did you mean 'x'?` for the nearest known word, or the list of known words if it is short.
    static func hint(for word: String, among known: [String]) -> String? {
        if let near = nearest(to: word, among: known) { return "did you mean '\(near)'?" }
        guard !known.isEmpty, known.count <= 20 else { return nil }
        return "known: " + known.joined(separator: ", ")
    }

    /// Returns the known word that `word` nearly equals, with at most a third of its letters different, or begins.
    static func nearest(to word: String, among known: [String]) -> String? {
        guard word.utf8.count <= 64 else { return nil }
        let letters = Array(word.lowercased().utf8)
        let best = known.map { ($0, distance(letters, Array($0.lowercased().utf8))) }.min { $0.1 < $1.1 }
        if let (near, steps) = best, steps <= max(1, letters.count / 3) { return near }
        return letters.count < 3 ? nil : known.first { $0.utf8.starts(with: letters) }
    }

    /// Returns the number of letters to add, remove, replace or swap with their neighbour (optimal string alignment).
    static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
        var before: [Int] = []
        var last = Array(0...b.count)
        for i in a.indices {
            var row = [i + 1]
            for j in b.indices {
                var steps = min(row[j] + 1, last[j + 1] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { steps = min(steps, before[j - 1] + 1) }
                row.append(steps)
            }
            (before, last) = (last, row)
        }
        return last[b.count]
    }
}
