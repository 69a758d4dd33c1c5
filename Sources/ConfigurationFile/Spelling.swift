/// Finds the word that a misspelt one was probably meant to be.
package enum Spelling {
    /// Returns `did you mean 'x'?` for the nearest known word, or the list of known words if it is short.
    package static func hint(for word: String, among known: [String]) -> String? {
        if let near = nearest(to: word, among: known) { return "did you mean '\(near)'?" }
        guard !known.isEmpty, known.count <= 20 else { return nil }
        return "known: " + known.joined(separator: ", ")
    }

    /// Returns the known word that `word` nearly equals, with at most a third of its letters different, or begins.
    package static func nearest(to word: String, among known: [String]) -> String? {
        guard word.utf8.count <= 64 else { return nil }
        let letters = Array(word.lowercased().utf8)
        let best = known.map { ($0, distance(letters, Array($0.lowercased().utf8))) }.min { $0.1 < $1.1 }
        if let (near, steps) = best, steps <= max(1, letters.count / 3) { return near }
        return letters.count < 3 ? nil : known.first { $0.utf8.starts(with: letters) }
    }

    /// Returns the number of letters to add, remove, replace or swap with their neighbour (optimal string alignment).
    private static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
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
