import DurableFiles
import LayerArchive
import OCIModel
import Scheduling
import SystemPackage

/// The tree of a release's commit as git has it: what is compiled and archived, whatever lies in the checkout's folder.
///
/// Every entry has the commit's time, no owner, and one of two modes, so that nobody's umask or clock shows.
struct SourceTree: Sendable {
    let tree: FileTree

    /// Reads the tree into a folder for unfinished work.
    ///
    /// - Throws: `ReleaseError` `.tool` if git fails; `LayerArchiveError` for a tree that cannot be read.
    init(of release: Release, git: Git, in work: FilePath, pool: BlockingPool) async throws {
        let (archive, spool) = (work.appending("source.tar"), work.appending("source"))
        for file in [archive, spool] { try FileSystem.remove(file) }
        try await git.archive(release.commit, to: archive)
        let date = release.date.seconds
        tree = try await pool.run { flag in
            let output = try FileSystem.open(
                spool, .writeOnly, "cannot write \(spool)", options: [.create, .truncate],
                permissions: [.ownerReadWrite])
            defer { try? output.close() }
            let record = try ArchiveFile.unpack(
                OpenFile(reading: archive), name: "the source", into: output, isCancelled: { flag.isSet })
            try FileSystem.remove(archive)
            return try UnpackedPackage(record: record, spool: spool).tree.normalised(date)
        }
    }

    /// Returns the source's own archive: everything below one top folder.
    func archived(below stem: String) throws -> FileTree { try tree.below(stem, from: .root) }

    /// Returns the entries at a path, and below it, at a new path.
    ///
    /// - Throws: `ReleaseError` `.refused` if there is nothing.
    func part(_ from: String, as to: String) throws -> FileTree {
        let part = try tree.below(to, from: EntryPath(from))
        guard !part.isEmpty else { throw Release.missingExtra(from) }
        return part
    }
}

extension FileTree {
    /// Returns the tree as a release has it.
    fileprivate func normalised(_ date: Int64) -> FileTree {
        var result = FileTree()
        for (path, entry) in entries {
            var entry = entry
            (entry.userID, entry.groupID, entry.modified) = (0, 0, date)
            (entry.attributes, entry.paxRecords) = ([:], [:])
            entry.mode = entry.kind == .directory || entry.mode & 0o100 != 0 ? 0o755 : 0o644
            result[path] = entry
        }
        return result
    }

    /// Returns what lies at a path, and below it, at another path.
    fileprivate func below(_ top: String, from path: EntryPath) throws -> FileTree {
        let top = try EntryPath(top)
        var result = FileTree()
        for (place, entry) in entries where place.isWithin(path) {
            var entry = entry
            if case .hardLink(let original) = entry.kind, original.isWithin(path) {
                entry.kind = .hardLink(to: original.replacing(path, with: top))
            }
            result[place.replacing(path, with: top)] = entry
        }
        return result
    }
}
