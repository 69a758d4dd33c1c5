import OCIModel
import SystemPackage

/// The tree of a package's data member or of a release archive while it is read; members that would leave the root are
/// refused as they come.
struct PackageTree {
    /// The archive's name in messages: `the package etcd.deb`.
    private let subject: String
    private let spool: FileDescriptor
    private var spoolSize: Int64 = 0
    private var hasher = SHA256Hasher()
    private var tree = FileTree()
    /// The modification time of the newest file, or 0 if there are no files.
    private(set) var newest: Int64 = 0

    /// A function that passes a file's contents, in pieces, to the function it is given.
    typealias Content = ((UnsafeRawBufferPointer) throws(LayerArchiveError) -> Void) throws(LayerArchiveError) -> Void

    init(subject: String, spool: FileDescriptor) { (self.subject, self.spool) = (subject, spool) }

    mutating func add(_ member: TarMember, content tar: inout TarReader) throws(LayerArchiveError) {
        try add(member) { use throws(LayerArchiveError) in try tar.readContent(use) }
    }

    mutating func add(_ member: TarMember, content: Content) throws(LayerArchiveError) {
        let path = try inside(member.path, of: member)
        if path.isRoot {
            guard member.kind == .directory else { throw refused(member, "it would replace the root directory") }
            return
        }
        // A program that packs a file twice makes the second a link to the first.
        if case .hardLink(let target) = member.kind, try inside(target, of: member) == path, tree[path] != nil {
            return
        }
        let kind = try kind(of: member, content)
        try makeRoom(at: path, for: member)
        tree[path] = FileEntry(
            kind, mode: member.mode, userID: member.userID, groupID: member.groupID, modified: member.modified,
            attributes: member.attributes)
    }

    /// Removes an earlier member of the same name, as unpacking does: the last one stays.
    private mutating func makeRoom(at path: EntryPath, for member: TarMember) throws(LayerArchiveError) {
        guard let earlier = tree[path] else { return }
        guard (earlier.kind == .directory) == (member.kind == .directory) else {
            throw refused(member, "it and an earlier member of the same name are a folder and something else")
        }
        guard case .regular = earlier.kind else { return }
        // The other names of the earlier file keep it.
        let names = tree.entries.filter { $0.value.kind == .hardLink(to: path) }.keys.sorted()
        guard let first = names.first else { return }
        for name in names.dropFirst() { tree[name]?.kind = .hardLink(to: first) }
        tree[first] = earlier
    }

    /// Returns the record after checking the tree as a whole, since a symlink may follow the members below it.
    func record(control: [String: [UInt8]], date: Int64) throws(LayerArchiveError) -> PackageRecord {
        do throws(LayerArchiveError) { try tree.checkStructure() } catch {
            throw LayerArchiveError(
                .escape, "cannot open \(subject): \(error.message)",
                hint: "it is hostile or damaged; do not use it")
        }
        return PackageRecord(
            date: date, spool: hasher.finish(), spoolSize: spoolSize, control: control, tree: tree)
    }

    private mutating func kind(
        of member: TarMember, _ content: Content
    ) throws(LayerArchiveError) -> FileEntry.Kind {
        switch member.kind {
        case .directory: return .directory
        case .symlink(let target):
            guard !target.isEmpty, !target.contains(0), target.count <= 4096 else {
                throw refused(member, "its target is empty or too long")
            }
            return .symlink(target: target)
        case .hardLink(let target):
            let path = try inside(target, of: member)
            guard case .regular = tree[path]?.kind else {
                guard case .hardLink(let file) = tree[path]?.kind else {
                    throw refused(member, "it is a hard link to '\(path)', but no file of that name precedes it")
                }
                return .hardLink(to: file)
            }
            return .hardLink(to: path)
        case .characterDevice(let major, let minor): return .characterDevice(major: major, minor: minor)
        case .blockDevice(let major, let minor): return .blockDevice(major: major, minor: minor)
        case .fifo: return .fifo
        case .regular:
            let start = spoolSize
            newest = max(newest, member.modified)
            var file = SHA256Hasher()
            try content { bytes throws(LayerArchiveError) in
                try spool.writeFully(bytes, doing: "write the contents of \(subject)")
                hasher.update(bytes)
                file.update(bytes)
                spoolSize += Int64(bytes.count)
            }
            return .regular(
                .slice(of: PackageRecord.unplaced, offset: start, size: spoolSize - start, digest: file.finish()))
        }
    }

    private func inside(_ path: [UInt8], of member: TarMember) throws(LayerArchiveError) -> EntryPath {
        guard path.first != UInt8(ascii: "/") else {
            throw refused(member, "'\(shown(path))' is absolute")
        }
        do throws(OCIModelError) { return try EntryPath(path) } catch { throw refused(member, error.message) }
    }

    private func refused(_ member: TarMember, _ reason: String) -> LayerArchiveError {
        LayerArchiveError(
            .escape, "cannot open \(subject): its member '\(member.shownPath)' is refused: \(reason)",
            hint: "it is hostile or damaged; do not use it")
    }
}
