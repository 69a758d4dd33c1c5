import ImageBuilding
import OCIContent
import OCIModel
import Synchronization

/// The view of content on its way: a row for each blob that moves and one for all of them on a terminal, plain
/// lines elsewhere, and no more of them than anybody reads.
final class TransferView: Sendable {
    private struct State {
        var moving: [Digest: (title: String, size: Int64)] = [:]
        var (sent, mounted, present) = (0, 0, 0)
        /// Bytes that moved, and bytes of all blobs that were begun.
        var (moved, expected): (Int64, Int64) = (0, 0)
        var began: ContinuousClock.Instant?
        var lastLine = ContinuousClock.now
    }

    private let console: Console
    private let state = Mutex(State())
    private static let totalTitle = "in total"
    /// Without a terminal a long transfer says so often how far it is.
    private static let pause = Duration.seconds(5)

    init(_ console: Console) { self.console = console }

    /// Takes what a destination tells.
    func observe(_ event: TransferEvent) {
        switch event {
        case .started(let blob): start(blob)
        case .moved(let digest, let bytes): move(digest, bytes)
        case .arrived(let blob, let arrival): end(blob, arrival)
        }
    }

    /// Ends the live view, and says in one line what it was.
    func finish() {
        let summary = state.withLock { state -> String? in
            defer { state = State() }
            guard state.sent + state.mounted + state.present > 0 else { return nil }
            var parts: [String] = []
            if state.sent > 0 {
                let transfer = Console.Transfer(
                    done: state.moved, total: state.moved, began: state.began ?? .now)
                parts.append("\(state.sent) sent (\(ByteCount(state.moved))\(transfer.rate))")
            }
            if state.mounted > 0 { parts.append("\(state.mounted) mounted") }
            if state.present > 0 { parts.append("\(state.present) there already") }
            return "blobs: " + parts.joined(separator: ", ")
        }
        console.removeRows()
        if let summary { console.note(summary) }
    }

    private func start(_ blob: Descriptor) {
        let title = "\(blob.digest.short)…"
        let (isNew, expected) = state.withLock { state in
            let isNew = state.moving.updateValue((title, blob.size), forKey: blob.digest) == nil
            if isNew { state.expected += blob.size }
            let isFirst = state.began == nil
            if isFirst { (state.began, state.lastLine) = (.now, .now) }
            return (isNew, (total: state.expected, isFirst: isFirst))
        }
        guard isNew else { return }
        if expected.isFirst { console.beginRow(Self.totalTitle) }
        console.beginRow(title)
        console.update(title) { $0.transfer = Console.Transfer(total: blob.size) }
        updateTotal()
    }

    private func move(_ digest: Digest, _ bytes: Int64) {
        let (title, line) = state.withLock { state -> (String?, String?) in
            state.moved += bytes
            var line: String?
            if ContinuousClock.now - state.lastLine > Self.pause {
                state.lastLine = .now
                line =
                    Console.Transfer(done: state.moved, total: state.expected, began: state.began ?? .now).description
            }
            return (state.moving[digest]?.title, line)
        }
        if let title { console.update(title) { $0.transfer?.done += bytes } }
        updateTotal()
        if let line, !console.isLive { console.note(line) }
    }

    private func end(_ blob: Descriptor, _ arrival: TransferEvent.Arrival) {
        let title = state.withLock { state -> String? in
            switch arrival {
            case .sent: state.sent += 1
            case .mounted: state.mounted += 1
            case .present: state.present += 1
            }
            let moving = state.moving.removeValue(forKey: blob.digest)
            // What was begun and then found there need not be moved.
            if arrival != .sent, let moving { state.expected -= moving.size }
            return moving?.title
        }
        if let title { console.removeRow(title) }
        updateTotal()
        if !console.isLive, arrival != .present {
            console.note("\(blob.digest.short): \(arrival.rawValue), \(ByteCount(blob.size))")
        }
    }

    private func updateTotal() {
        let transfer = state.withLock { state in
            state.began.map { Console.Transfer(done: state.moved, total: state.expected, began: $0) }
        }
        guard let transfer else { return }
        console.update(Self.totalTitle) { $0.transfer = transfer }
    }
}
