import DurableFiles
package import OCIModel
import Synchronization
package import SystemPackage

/// A document that belongs to a mirrored image: a referrer, or what a tag for its digest names.
package struct Attachment: Hashable, Sendable, Codable {
    package var digest: Digest
    package var size: Int64
    package var type: String?
    /// The tag, for what cosign keeps under one.
    package var tag: String?
}

/// A line of the ledger: what a run put where.
package struct LedgerEntry: Hashable, Sendable, Codable {
    /// The digest of the line before; `nil` for the first.
    package var previous: Digest?
    package var time: String
    package var source: String
    package var target: String
    package var tag: String
    package var outcome: Outcome
    /// The digest at the source.
    package var digest: Digest
    /// The digest that the tag stood for before, where it was moved or removed.
    package var from: Digest?
    /// The documents that belong to the image, as the source had them.
    package var attachments: [Attachment]
    package var bytes: Int64
    package var requests: Int
}

/// An append-only record of what was mirrored. Each line has the digest of the one before, so that no line can be
/// changed or taken away without a trace.
package final class Ledger: Sendable {
    /// The most bytes that are read.
    private static let limit: Int64 = 4 << 30

    fileprivate struct State {
        var last: Digest?
        var known: [String: [String: Digest]] = [:]
    }

    private let file: AppendedFile
    private let state: Mutex<State>

    /// Opens or creates a ledger.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - visit: Receives each entry, oldest first.
    /// - Throws: `MirrorError` `.damaged` for a line that does not follow the one before.
    package init(_ path: FilePath, visit: (LedgerEntry) -> Void = { _ in }) throws {
        var chain = State()
        var number = 0
        file = try AppendedFile(path, limit: Self.limit) { line in
            number += 1
            guard let entry = try? CanonicalJSON.decode(LedgerEntry.self, from: Array(line)) else {
                throw MirrorError(
                    .damaged, "line \(number) of \(path) is not an entry of a ledger",
                    hint: "restore the file, or move it away: the next run then begins a new one")
            }
            guard entry.previous == chain.last else {
                throw MirrorError(
                    .damaged, "line \(number) of \(path) does not follow the line before: the ledger was changed",
                    hint: "restore the file, or move it away: the next run then begins a new one")
            }
            chain.last = Digest(of: line)
            chain.note(entry)
            visit(entry)
        }
        state = Mutex(chain)
    }

    /// Reads the last entry of each tag, be it that it was removed.
    ///
    /// - Throws: As `init` does.
    static func lastEntries(in path: FilePath) throws -> [LedgerEntry] {
        var last: [String: LedgerEntry] = [:]
        _ = try Ledger(path) { last["\($0.target):\($0.tag)"] = $0 }
        return last.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map(\.value)
    }

    /// Returns the tags of a destination that were mirrored, with what they stood for then.
    package func known(in target: String) -> [String: Digest] { state.withLock { $0.known[target] ?? [:] } }

    /// Appends an entry, whose `previous` is set here.
    package func append(_ entry: LedgerEntry) throws {
        try state.withLock { state in
            var entry = entry
            entry.previous = state.last
            let line = try CanonicalJSON.encode(entry)
            try file.append(line, isDurable: true)
            state.last = Digest(of: line)
            state.note(entry)
        }
    }
}

extension Ledger.State {
    fileprivate mutating func note(_ entry: LedgerEntry) {
        known[entry.target, default: [:]][entry.tag] = entry.outcome == .removed ? nil : entry.digest
    }
}
