import DurableFiles
import OCIModel
package import SystemPackage

/// The records of a mirror file's runs, in a folder that one run uses at a time.
package final class MirrorRecords: Sendable {
    package let ledger: Ledger
    let folder: FilePath
    let journal: MirrorJournal
    private let lock: ProcessLock

    /// Opens or creates the folder.
    ///
    /// - Throws: `FileError` `.inUse` while another run uses it; `MirrorError` `.damaged` for a ledger that was changed.
    package init(_ folder: FilePath, of file: MirrorFile, now: @escaping @Sendable () -> Int64) throws {
        try FileSystem.makeDirectories(folder)
        lock = try ProcessLock(at: folder.appending("lock"), "cannot mirror with the records in \(folder)")
        self.folder = folder
        ledger = try Ledger(folder.appending("ledger.jsonl"))
        journal = try MirrorJournal(folder.appending("journal.jsonl"), of: file.digest, now: now)
    }

    /// Returns the ledger's bytes, for a copy of it.
    package func ledgerBytes() throws -> [UInt8] {
        try FileSystem.read(folder.appending("ledger.jsonl"), limit: 4 << 30) ?? []
    }

    /// Reads the last entry of each tag that stands as far as this mirror knows.
    package func standing() throws -> [LedgerEntry] { try lastEntries().filter { $0.outcome != .removed } }

    /// Reads from which source each tag of a destination came.
    func sources(of target: String) throws -> [String: String] {
        let entries = try lastEntries().filter { $0.target == target }
        return Dictionary(entries.map { ($0.tag, $0.source) }, uniquingKeysWith: { _, last in last })
    }

    /// Reads the last entry of each tag that this mirror removed.
    func removed() throws -> [LedgerEntry] { try lastEntries().filter { $0.outcome == .removed } }

    private func lastEntries() throws -> [LedgerEntry] {
        try Ledger.lastEntries(in: folder.appending("ledger.jsonl"))
    }
}
