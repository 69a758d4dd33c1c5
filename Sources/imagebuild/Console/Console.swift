import ImageBuilding
import OCIModel
import Synchronization

/// Standard error, where progress and messages go: a live view on a terminal, plain lines elsewhere.
///
/// Standard output is left to the result alone.
final class Console: Sendable {
    private struct State {
        var rows: [ConsoleRow] = []
        /// Lines that the live view now occupies, and the length of the longest.
        var (drawn, widest) = (0, 0)
        var lastDraw = ContinuousClock.now - .seconds(1)
        /// Whether somebody looks every second at what has changed: the time.
        var isTicking = false
    }

    /// Bytes that arrive, with the time they began to.
    struct Transfer: Sendable {
        var done: Int64 = 0
        var total: Int64
        var began = ContinuousClock.now
    }

    /// Nothing is drawn over the last words of the program.
    private static let isOver = Mutex(false)

    let isLive: Bool
    private let isColoured: Bool
    private let state = Mutex(State())

    /// - Parameter environment: `NO_COLOR` and `TERM` mean what they mean elsewhere.
    init(environment: [String: String]) {
        isLive = Terminal.isTerminal(2) && environment["TERM"] != "dumb"
        isColoured = isLive && (environment["NO_COLOR"] ?? "").isEmpty
    }

    /// A line that stays.
    func note(_ text: String) { put(printable(text)) }

    private func put(_ text: String) {
        state.withLock { state in
            erase(&state)
            write(text + "\n")
            draw(&state, force: true)
        }
    }

    /// Something that the user must not miss.
    func warn(_ text: String) { put((isColoured ? "\u{1b}[33mwarning:\u{1b}[0m " : "warning: ") + printable(text)) }

    /// Writes the program's last words, below what the live view shows.
    static func end(with text: String) {
        isOver.withLock { isOver in
            isOver = true
            Terminal.writeError(text)
        }
    }

    func beginRow(_ title: String) {
        let mustTick = state.withLock { state in
            state.rows.append(ConsoleRow(title: title))
            draw(&state, force: true)
            defer { state.isTicking = isLive }
            return isLive && !state.isTicking
        }
        // Ends with the last row.
        if mustTick { Task { while try await tick() {} } }
    }

    private func tick() async throws -> Bool {
        try await Task.sleep(for: .seconds(1))
        return state.withLock { state in
            state.isTicking = !state.rows.isEmpty
            if state.isTicking { draw(&state, force: true) }
            return state.isTicking
        }
    }

    /// Changes a row; without a live view its text, where that is new, becomes a line.
    func update(_ title: String, _ change: (inout ConsoleRow) -> Void) {
        state.withLock { state in
            guard let index = state.rows.firstIndex(where: { $0.title == title }) else { return }
            let before = state.rows[index].text
            change(&state.rows[index])
            if state.rows[index].text != before { state.rows[index].began = .now }
            let row = state.rows[index]
            if !isLive, row.text != before, !row.text.isEmpty { write(printable("\(row.title): \(row.text)\n")) }
            draw(&state, force: row.text != before)
        }
    }

    /// Takes a row away that nobody wants to see the end of.
    func removeRow(_ title: String) {
        state.withLock { state in
            erase(&state)
            state.rows.removeAll { $0.title == title }
            draw(&state, force: false)
        }
    }

    func removeRows() {
        state.withLock { state in
            erase(&state)
            state.rows = []
        }
    }

    /// Leaves the last view standing.
    func finish() {
        state.withLock { state in
            draw(&state, force: true)
            state.rows = []
            state.drawn = 0
        }
    }

    /// Takes the view away. A terminal that became narrower may have broken its lines: then nobody knows how many there
    /// are, and they stay.
    private func erase(_ state: inout State) {
        guard isLive, state.drawn > 0 else { return }
        if state.widest < Terminal.size.columns { write("\u{1b}[\(state.drawn)A\u{1b}[J") }
        (state.drawn, state.widest) = (0, 0)
    }

    /// Ten times a second is as often as anybody reads.
    private func draw(_ state: inout State, force: Bool) {
        guard isLive, force || ContinuousClock.now - state.lastDraw > .milliseconds(100) else { return }
        erase(&state)
        let (columns, lines) = Terminal.size
        // A view that is higher than the terminal could not be taken away.
        let shown = state.rows.count < lines ? state.rows[...] : state.rows.prefix(max(0, lines - 2))
        let width = shown.map(\.title.count).max() ?? 0
        for row in shown {
            let line = row.line(titleWidth: width, limit: columns - 1)
            state.widest = max(state.widest, line.unicodeScalars.count)
            write((row.isDone && isColoured ? "\u{1b}[32m\(line)\u{1b}[0m" : line) + "\n")
        }
        if shown.count < state.rows.count { write("…\n") }
        state.drawn = shown.count + (shown.count < state.rows.count ? 1 : 0)
        state.lastDraw = .now
    }

    private func write(_ text: String) { Self.isOver.withLock { if !$0 { Terminal.writeError(text) } } }
}

extension Console.Transfer: CustomStringConvertible {
    /// `12.1 of 34.0 MB, 8.2 MB/s`
    var description: String { "\(ByteCount(done)) of \(ByteCount(total))\(rate)" }

    /// `, 8.2 MB/s`; nothing where it would be a guess.
    var rate: String {
        let elapsed = ContinuousClock.now - began
        let seconds = Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) / 1e18
        return seconds > 0.2 ? ", \(ByteCount(Int64(Double(done) / seconds)))/s" : ""
    }
}

/// `1 layer`, `2 layers`.
func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)" + (count == 1 ? "" : "s") }
