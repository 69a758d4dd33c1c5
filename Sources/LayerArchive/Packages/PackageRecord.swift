import FoundationEssentials
package import OCIModel
package import SystemPackage

/// An unpacked package in the form in which the store keeps it: with the spool that the record names, a later build has
/// the package without decoding it again.
package struct PackageRecord: Hashable, UnpackedRecord {
    package static let currentSchema = 2
    package static let subject = "package"

    package let schema: Int
    package let date: Int64
    package let spool: Digest
    package let spoolSize: Int64
    /// The control members by name, in Base64.
    let control: [String: String]
    /// One line for each entry (`FileEntry.line`), in byte order.
    let entries: [String]

    /// A placeholder for the spool's path, which is known only once the spool is in its final place.
    static let unplaced = FilePath()

    init(date: Int64, spool: Digest, spoolSize: Int64, control: [String: [UInt8]], tree: FileTree) {
        schema = Self.currentSchema
        (self.date, self.spool, self.spoolSize) = (date, spool, spoolSize)
        self.control = control.mapValues { Data($0).base64EncodedString() }
        entries = tree.sorted.map { $0.entry.line(at: $0.path) }
    }

    fileprivate func tree(spool path: FilePath) throws(LayerArchiveError) -> FileTree {
        var tree = FileTree()
        for line in entries {
            guard let (entryPath, entry) = FileEntry.parse(line, spool: path, spoolSize: spoolSize) else {
                throw Self.damaged
            }
            tree[entryPath] = entry
        }
        try tree.checkStructure()
        return tree
    }

    fileprivate func controlMembers() throws(LayerArchiveError) -> [String: [UInt8]] {
        var members: [String: [UInt8]] = [:]
        for (name, text) in control {
            guard let data = Data(base64Encoded: text) else { throw Self.damaged }
            members[name] = Array(data)
        }
        return members
    }
}

extension UnpackedPackage {
    /// Creates the package from its record; the contents are slices of the file at `spool`, whose digest the caller has
    /// checked.
    ///
    /// - Throws: `LayerArchiveError` with the code `corrupt` if the record is damaged and the package has to be
    ///   unpacked again.
    package init(record: PackageRecord, spool: FilePath) throws(LayerArchiveError) {
        self.init(
            control: try record.controlMembers(), tree: try record.tree(spool: spool), date: record.date)
    }
}
