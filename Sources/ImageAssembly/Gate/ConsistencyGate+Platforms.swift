import ImageDefinition
import LayerArchive
import OCIModel

extension ConsistencyGate {
    /// Returns the differences between the Linux platforms in paths, kinds and modes, each platform compared with the
    /// first. Entries that only base images have may differ.
    func platformDifferences(_ roots: [(platform: Platform, root: MergedRoot)]) -> [GateFailure] {
        let linux = roots.filter { $0.platform.os == "linux" }
        guard let first = linux.first else { return [] }
        return linux.dropFirst().flatMap { differences(of: $0, from: first) }
    }

    private func differences(
        of one: (platform: Platform, root: MergedRoot), from other: (platform: Platform, root: MergedRoot)
    ) -> [GateFailure] {
        var failures: [GateFailure] = []
        // A directory that one side lacks is reported once, without its contents.
        var reported: Set<EntryPath> = []
        for path in Set(one.root.entries.keys).union(other.root.entries.keys).sorted() where !platformSpecific(path) {
            let isOwn = [one.root, other.root].contains { $0.entries[path] != nil && !$0.isOfBase(path) }
            guard isOwn else { continue }
            let (here, there) = (one.root.entries[path], other.root.entries[path])
            if here == nil || there == nil {
                let isBelow = path.parent.map(reported.contains) ?? false
                reported.insert(path)
                if isBelow { continue }
            }
            guard let message = Self.difference(here, there, other.platform) else { continue }
            failures.append(
                GateFailure(platform: one.platform, path: path, rule: .platformDifference, message: message))
        }
        return failures
    }

    private static func difference(_ here: FileEntry?, _ there: FileEntry?, _ other: Platform) -> String? {
        switch (here, there) {
        case (let here?, nil): return "is a \(noun(here)) here and missing on \(other)"
        case (nil, let there?): return "is missing here and a \(noun(there)) on \(other)"
        case (let here?, let there?):
            if noun(here) != noun(there) { return "is a \(noun(here)) here and a \(noun(there)) on \(other)" }
            // The mode of a symlink has no meaning and is always written as 0777.
            if case .symlink = here.kind { return nil }
            guard here.mode != there.mode else { return nil }
            return "has mode \(octal(here.mode)) here and \(octal(there.mode)) on \(other)"
        case (nil, nil): return nil
        }
    }

    private static func noun(_ entry: FileEntry) -> String {
        switch entry.kind {
        case .regular, .hardLink: "file"
        case .directory: "directory"
        case .symlink: "symlink"
        case .characterDevice: "character device"
        case .blockDevice: "block device"
        case .fifo: "named pipe"
        }
    }

    static func octal(_ mode: UInt16) -> String {
        let digits = String(mode, radix: 8)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }
}
