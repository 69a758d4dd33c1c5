import ImageDefinition
import LayerArchive
import OCIModel

extension RootFilesystem {
    mutating func addDirectory(
        _ path: EntryPath, mode: UInt16, user: String, group: String
    ) throws(ImageAssemblyError) {
        let place = try place(path, followingLast: true)
        switch tree[place]?.kind {
        case .directory: break
        case nil:
            put(
                FileEntry(
                    .directory, mode: mode, userID: try userID(user), groupID: try groupID(group), modified: time),
                at: place)
        default: throw occupied(path, place, for: "directory")
        }
    }

    mutating func addFile(
        _ path: EntryPath, _ bytes: [UInt8], mode: UInt16, user: String, group: String
    ) throws(ImageAssemblyError) {
        let place = try place(path)
        guard tree[place] == nil else { return }
        put(
            FileEntry(
                .regular(.bytes(bytes)), mode: mode, userID: try userID(user), groupID: try groupID(group),
                modified: time), at: place)
    }

    mutating func copy(_ source: EntryPath, to path: EntryPath, mode: UInt16?) throws(ImageAssemblyError) {
        let place = try place(path)
        guard tree[place] == nil else { return }
        var copy = try file(source)
        copy.mode = mode ?? copy.mode
        copy.modified = time
        put(copy, at: place)
    }

    /// Makes a symbolic link. An empty directory gives way to it, as in base-files' script for `/var/run`.
    mutating func link(_ path: EntryPath, to target: [UInt8]) throws(ImageAssemblyError) {
        let place = try place(path)
        switch tree[place]?.kind {
        case nil: break
        case .directory where !tree.entries.keys.contains { $0 != place && $0.isWithin(place) }: break
        case .symlink(target): return
        default: throw occupied(path, place, for: "link to \(shown(target))")
        }
        put(FileEntry(.symlink(target: target), mode: 0o777, modified: time), at: place)
    }

    mutating func addAlternative(
        _ name: String, link path: EntryPath, target: EntryPath
    ) throws(ImageAssemblyError) {
        guard !name.isEmpty, !name.utf8.contains(UInt8(ascii: "/")) else {
            throw ImageAssemblyError(.invalidInput, "'\(name)' is not the name of an alternative")
        }
        guard hasEntry(at: target) else {
            throw ImageAssemblyError(
                .invalidInput, "the alternative \(target) of \(name) is not in the root filesystem")
        }
        try link(.of("etc/alternatives/" + name), to: Array(target.description.utf8))
        try link(path, to: Array("/etc/alternatives/\(name)".utf8))
    }

    mutating func addCertificates(below directory: EntryPath, bundle: EntryPath) throws(ImageAssemblyError) {
        let real = try place(directory, followingLast: true)
        let newline = UInt8(ascii: "\n")
        var bytes: [UInt8] = []
        for (path, entry) in tree.sorted where path.isWithin(real) && path.bytes.ends(with: ".crt".utf8) {
            switch entry.kind {
            case .regular, .hardLink: bytes += try read(path)
            default: continue
            }
            if bytes.last != newline { bytes.append(newline) }
            guard bytes.count <= 16 * Self.readLimit else {
                throw ImageAssemblyError(.invalidInput, "the certificates below \(directory) have more than 16 MiB")
            }
        }
        guard !bytes.isEmpty else {
            throw ImageAssemblyError(.invalidInput, "there is no *.crt file below \(directory)")
        }
        try addFile(bundle, bytes, mode: 0o644, user: "root", group: "root")
    }

    private func occupied(_ path: EntryPath, _ place: EntryPath, for what: String) -> ImageAssemblyError {
        ImageAssemblyError(.conflict, "cannot make \(path) a \(what): it is already a \(tree[place]?.noun ?? "")")
    }
}

extension [UInt8] {
    fileprivate func ends(with suffix: String.UTF8View) -> Bool { self.suffix(suffix.count).elementsEqual(suffix) }
}
