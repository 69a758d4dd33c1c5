import OCIModel

/// One line of the live view.
struct ConsoleRow: Sendable {
    var title: String
    var text = ""
    /// The text that changes too often to be a line of its own.
    var detail = ""
    var transfer: Console.Transfer?
    /// The time at which what it says now began.
    var began = ContinuousClock.now
    var isDone = false

    init(title: String) { self.title = title }

    /// Returns the row as it is drawn: first how long it has been doing this, which no terminal is too narrow for. What
    /// is longer than the limit ends visibly.
    func line(titleWidth: Int, limit: Int) -> String {
        var line = isDone ? "" : Self.elapsed(ContinuousClock.now - began)
        line = String(repeating: " ", count: max(0, 6 - line.count)) + line + "  " + title
        if !text.isEmpty || transfer != nil {
            // A narrow terminal has no room to align what says something.
            let column = min(titleWidth, limit - 32)
            line += String(repeating: " ", count: max(0, column - title.count) + 2) + text
        }
        if !detail.isEmpty { line += "  " + detail }
        if let transfer { line += "  " + transfer.description }
        let shown = quoted(line, limit: max(1, limit))
        return shown.unicodeScalars.count < line.unicodeScalars.count ? shown.dropLast() + "…" : shown
    }

    /// `12 s`, `3:07`, `1:02:03`.
    static func elapsed(_ time: Duration) -> String {
        let seconds = max(0, time.components.seconds)
        func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
        if seconds < 60 { return "\(seconds) s" }
        let minutes = seconds / 60
        if minutes < 60 { return "\(minutes):\(two(seconds % 60))" }
        return "\(minutes / 60):\(two(minutes % 60)):\(two(seconds % 60))"
    }
}
