import ImageDefinition
import LayerArchive
import OCIModel

/// A root filesystem while effects and accounts are added to it.
struct RootFilesystem {
    var tree: FileTree
    /// The causes of the entries that no package has in this form: `ca-certificates's postinst`.
    private(set) var causes: [EntryPath: String] = [:]
    /// The cause of the entries that are being added.
    private var cause = "the definition's users and groups"
    /// The modification time of everything that is added.
    let time: Int64
    let contents: @Sendable (FileContent) throws -> [UInt8]

    init(tree: FileTree, time: Int64, contents: @escaping @Sendable (FileContent) throws -> [UInt8]) {
        (self.tree, self.time, self.contents) = (tree, time, contents)
    }

    mutating func put(_ entry: FileEntry, at place: EntryPath) {
        tree[place] = entry
        causes[place] = cause
    }

    /// The largest size in bytes of a file that is read as a whole: account masters and certificates.
    static let readLimit = 1 << 20

    /// Applies the effects of a script; `script` and `file` are for messages.
    mutating func apply(
        _ effects: [MaintainerScripts.Effect], as script: String, declaredIn file: String
    ) throws(ImageAssemblyError) {
        let before = cause
        cause = "what \(script) would have done"
        defer { cause = before }
        for effect in effects {
            do { try apply(effect) } catch {
                throw ImageAssemblyError(
                    error.code, "cannot apply an effect of \(script): \(error.message)",
                    hint: error.hint ?? "correct the effect in \(file)")
            }
        }
    }

    private mutating func apply(_ effect: MaintainerScripts.Effect) throws(ImageAssemblyError) {
        switch effect {
        case .directory(let path, let mode, let user, let group):
            try addDirectory(path, mode: mode, user: user, group: group)
        case .file(let path, let content, let mode, let user, let group):
            try addFile(path, Array(content.utf8), mode: mode, user: user, group: group)
        case .copy(let source, let path, let mode): try copy(source, to: path, mode: mode)
        case .link(let path, let target): try link(path, to: Array(target.utf8))
        case .alternative(let name, let path, let target): try addAlternative(name, link: path, target: target)
        case .accounts(let passwd, let group):
            try copy(passwd, to: .of("etc/passwd"), mode: 0o644)
            try copy(group, to: .of("etc/group"), mode: 0o644)
        case .shadow: try addShadow()
        case .certificates(let source, let bundle): try addCertificates(below: source, bundle: bundle)
        }
    }

    /// Returns the place of a path once the links of its parents are followed (`/var/lock/x` at `/run/lock/x`).
    func place(_ path: EntryPath, followingLast: Bool = false) throws(ImageAssemblyError) -> EntryPath {
        guard let place = tree.resolve(path, followingLast: followingLast, mayBeMissing: true), !place.isRoot else {
            throw ImageAssemblyError(.invalidInput, "\(path) is the root directory or leads into a loop of links")
        }
        return place
    }

    /// Returns whether a path leads to an entry. Directories above it may be missing: packages need not ship them.
    func hasEntry(at path: EntryPath) -> Bool { tree.resolve(path, mayBeMissing: true).flatMap { tree[$0] } != nil }

    /// Returns the regular file at a path, following links of both kinds.
    func file(_ path: EntryPath) throws(ImageAssemblyError) -> FileEntry {
        var place = try place(path, followingLast: true)
        if case .hardLink(let target) = tree[place]?.kind { place = target }
        guard let entry = tree[place], case .regular = entry.kind else {
            throw ImageAssemblyError(.invalidInput, "there is no file \(path) in the root filesystem")
        }
        return entry
    }

    func read(_ path: EntryPath) throws(ImageAssemblyError) -> [UInt8] {
        guard case .regular(let content) = try file(path).kind else { return [] }
        guard content.size <= Self.readLimit else {
            throw ImageAssemblyError(.invalidInput, "\(path) has \(content.size) bytes, more than 1 MiB")
        }
        if case .bytes(let bytes) = content { return bytes }
        do { return try contents(content) } catch {
            throw ImageAssemblyError(.invalidInput, "cannot read \(path): \(error)")
        }
    }

    /// Replaces a file's bytes, keeping its mode and owner, or adds the file as root's with the mode.
    mutating func write(_ bytes: [UInt8], to path: EntryPath, mode: UInt16 = 0o644) throws(ImageAssemblyError) {
        let path = try place(path)
        let old = tree[path]
        put(
            FileEntry(
                .regular(.bytes(bytes)), mode: old?.mode ?? mode, userID: old?.userID ?? 0,
                groupID: old?.groupID ?? 0, modified: time), at: path)
    }
}
