import ImageBuilding
import OCIModel
import Synchronization

/// Standard error, where progress and messages go: a live view on a terminal, plain lines elsewhere.
///
/// Standard output is left to the result alone.
final class Console: Sendable {
    private struct State {
        var rows: [Row] = []
        /// Lines that the live view now occupies.
        var drawn = 0
        var lastDraw = ContinuousClock.now - .seconds(1)
    }

    /// One line of the live view.
    struct Row: Sendable {
        var title: String
        var text = ""
        /// What changes too often to be a line of its own.
        var detail = ""
        var transfer: Transfer?
        var isDone = false
    }

    /// Bytes that arrive, with the time they began to.
    struct Transfer: Sendable {
        var done: Int64 = 0
        var total: Int64
        var began = ContinuousClock.now
    }

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

    func beginRow(_ title: String) { state.withLock { $0.rows.append(Row(title: title)) } }

    /// Changes a row; without a live view its text, where that is new, becomes a line.
    func update(_ title: String, _ change: (inout Row) -> Void) {
        state.withLock { state in
            guard let index = state.rows.firstIndex(where: { $0.title == title }) else { return }
            let before = state.rows[index].text
            change(&state.rows[index])
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

    private func erase(_ state: inout State) {
        guard isLive, state.drawn > 0 else { return }
        write("\u{1b}[\(state.drawn)A\u{1b}[J")
        state.drawn = 0
    }

    /// Ten times a second is as often as anybody reads.
    private func draw(_ state: inout State, force: Bool) {
        guard isLive, force || ContinuousClock.now - state.lastDraw > .milliseconds(100) else { return }
        erase(&state)
        let width = state.rows.map(\.title.count).max() ?? 0
        let columns = Terminal.columns
        for row in state.rows {
            var line = row.title + String(repeating: " ", count: width - row.title.count + 2) + row.text
            if !row.detail.isEmpty { line += "  " + row.detail }
            if let transfer = row.transfer { line += "  " + transfer.description }
            line = quoted(line, limit: columns - 1)
            write((row.isDone && isColoured ? "\u{1b}[32m\(line)\u{1b}[0m" : line) + "\n")
        }
        state.drawn = state.rows.count
        state.lastDraw = .now
    }

    private func write(_ text: String) { Terminal.writeError(text) }
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
