import LayerArchive
import OCIModel

extension WindowsImporter {
    /// Takes a regular entry `<file>:<stream>` that follows the file, or another stream of it, as part of that file.
    ///
    /// - Returns: Whether the entry is such a stream.
    mutating func takeStream(_ member: TarMember) throws(Fault) -> Bool {
        guard let owner = streamOwner, member.kind == .regular,
            member.path.starts(with: owner + [UInt8(ascii: ":")])
        else { return false }
        let stream = member.path.dropFirst(owner.count + 1)
        guard !stream.isEmpty, !stream.contains(where: { ":/\\".utf8.contains($0) }) else {
            throw Fault(.stream, "is an alternate data stream without a name of its own")
        }
        return true
    }

    /// Checks that the entry is where Windows looks for entries.
    func checkPlace(_ entry: LayerListing.Entry) throws(Fault) {
        guard let top = entry.path.components.first.map({ String(decoding: $0, as: UTF8.self) }) else {
            throw Fault(.top, "is the layer's own folder, which already exists")
        }
        guard entry.member.path.first != UInt8(ascii: "/") else { throw Fault(.name, "is an absolute path") }
        guard [WindowsLayer.files, WindowsLayer.hives, Self.utilityVM].contains(top) else {
            let known = [WindowsLayer.files, WindowsLayer.hives, Self.utilityVM].first {
                $0.lowercased() == top.lowercased()
            }
            throw Fault(
                .top,
                known.map { "'\(top)' must be written '\($0)'" }
                    ?? "lies neither below Files nor below Hives: a Windows layer is not a root filesystem")
        }
    }

    func checkNames(_ path: EntryPath) throws(Fault) {
        for name in path.components {
            if name.contains(UInt8(ascii: ":")) {
                throw Fault(.stream, "is an alternate data stream that does not come right after its file")
            }
            if let reason = WindowsName.refusal(name) {
                throw Fault(.name, "'\(String(decoding: name, as: UTF8.self))' \(reason)")
            }
        }
    }

    mutating func addEntry(_ entry: LayerListing.Entry) throws(Fault) {
        let (path, member) = (entry.path, entry.member)
        switch member.kind {
        case .characterDevice, .blockDevice, .fifo:
            throw Fault(.kind, "is a device or a pipe, which Windows would turn into an empty file")
        case .regular, .directory, .symlink, .hardLink: break
        }
        let attributes = try checkRecords(of: member)
        try checkUtilityVM(path, member)
        if member.kind == .directory, let reason = WindowsName.directoryRefusal(path.name) {
            throw Fault(.name, "'\(String(decoding: path.name, as: UTF8.self))' \(reason)")
        }
        try checkFree(path)
        try checkParent(of: path)
        if case .symlink(let target) = member.kind { try checkSymlink(path, target, isDirectory: attributes & 16 != 0) }
        let kind: Made =
            switch member.kind {
            case .directory: .directory
            case .symlink where attributes & 16 != 0: .directoryLink
            default: .file
            }
        note(path, kind)
    }

    mutating func addLink(_ entry: LayerListing.Entry, _ target: [UInt8]) throws(Fault) {
        let path = entry.path
        let shown = String(decoding: target, as: UTF8.self)
        guard let file = try? EntryPath(target), Self.isContent(path), Self.isContent(file),
            entry.member.path.elementsEqual(path.bytes), target.elementsEqual(file.bytes)
        else {
            throw Fault(
                .hardLink, "is a hard link to '\(shown)', but both must lie below Files, without a leading '.' or '/'")
        }
        let kind = made[WindowsName.folded(file.bytes)]
        guard exactNames.contains(file.bytes) || isInLower(file) else {
            let reason =
                kind == nil ? "which is not a file before it or in a layer below" : "which is written in another case"
            throw Fault(.hardLink, "is a hard link to '\(shown)', \(reason)")
        }
        if let kind, kind != .file { throw Fault(.hardLink, "is a hard link to '\(shown)', which is a directory") }
        guard WindowsName.canBeLink(path.name) else {
            throw Fault(.hardLink, "is a hard link whose name has a single UTF-16 unit")
        }
        let original = originals[WindowsName.folded(file.bytes)] ?? WindowsName.folded(file.bytes)
        originals[WindowsName.folded(path.bytes)] = original
        linkCounts[original, default: 0] += 1
        guard linkCounts[original, default: 0] <= WindowsName.maximumLinks else {
            throw Fault(.hardLink, "is a hard link to '\(shown)', which has \(WindowsName.maximumLinks) already")
        }
        try checkFree(path)
        try checkParent(of: path)
        note(path, .file)
    }

    private mutating func note(_ path: EntryPath, _ kind: Made) {
        made[WindowsName.folded(path.bytes)] = kind
        exactNames.insert(path.bytes)
    }

    private func checkFree(_ path: EntryPath) throws(Fault) {
        guard made[WindowsName.folded(path.bytes)] == nil else {
            let isSame = exactNames.contains(path.bytes)
            throw Fault(.duplicate, isSame ? "is in the layer twice" : "differs from another entry only in case")
        }
        let suffix = Self.directoryRecordSuffix
        guard !String(decoding: path.name, as: UTF8.self).lowercased().hasSuffix(suffix) else {
            throw Fault(.duplicate, "ends with '\(suffix)', the name of the importer's own record of a directory")
        }
    }

    private func checkParent(of path: EntryPath) throws(Fault) {
        guard let parent = path.parent, !parent.isRoot else { return }
        switch made[WindowsName.folded(parent.bytes)] {
        case .directory: return
        case .file: throw Fault(.parent, "lies below '\(parent)', which is a file")
        case .directoryLink: throw Fault(.parent, "lies below '\(parent)', which is a link to a directory")
        case nil:
            // Above a base, the utility VM is a copy of the one below, with all its directories.
            if hasCopiedUtilityVM, isInUtilityVM(path) { return }
            throw Fault(.parent, "comes before its directory '\(parent)'")
        }
    }

    private func checkSymlink(_ path: EntryPath, _ target: [UInt8], isDirectory: Bool) throws(Fault) {
        guard !target.isEmpty else { throw Fault(.symlink, "is a symbolic link without a target") }
        guard let base = path.parent, target.first != UInt8(ascii: "/"),
            let end = try? EntryPath(base.bytes + [UInt8(ascii: "/")] + target)
        else { return }
        if case .directory = made[WindowsName.folded(end.bytes)], !isDirectory {
            throw Fault(.symlink, "links to a directory, but its attributes are those of a file")
        }
    }
}
