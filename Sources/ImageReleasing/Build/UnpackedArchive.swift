import DurableFiles
import LayerArchive
import OCIModel
import SystemPackage

/// A release's archive, opened again as whoever downloads it opens it.
struct UnpackedArchive: Sendable {
    let name: String
    let tree: FileTree

    /// Opens an archive; its contents go to the file `spool`. Blocks.
    init(_ file: FilePath, spool: FilePath, isCancelled: @escaping @Sendable () -> Bool) throws {
        name = file.lastComponent?.string ?? ""
        let output = try FileSystem.open(
            spool, .writeOnly, "cannot write \(spool)", options: [.create, .truncate], permissions: [.ownerReadWrite])
        defer { try? output.close() }
        let opened = try OpenFile(reading: file)
        let record: PackageRecord
        do throws(LayerArchiveError) {
            record = try ArchiveFile.unpack(opened, name: name, into: output, isCancelled: isCancelled)
        } catch {
            throw LayerArchiveError(
                error.code, "cannot unpack \(file) to \(spool): \(error.message)", hint: error.hint)
        }
        tree = try UnpackedPackage(record: record, spool: spool).tree
    }

    /// Returns a program's content.
    ///
    /// - Throws: `ReleaseError` `.wrongBuild` if the archive does not have it where it should be.
    func program(_ program: String, of archive: ReleaseArchive) throws -> FileContent {
        let path = try EntryPath("\(archive.stem)/\(program)\(archive.platform.suffix)")
        guard let entry = tree[path], case .regular(let content) = entry.kind, entry.mode & 0o111 != 0 else {
            throw ReleaseError(.wrongBuild, "\(name) has no program \(path)")
        }
        return content
    }

    /// Whether everything is below one top folder of this name.
    func isBelow(_ stem: String) -> Bool {
        !tree.isEmpty && tree.entries.keys.allSatisfy { $0.components.first?.elementsEqual(stem.utf8) == true }
    }
}
