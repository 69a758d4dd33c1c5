package import SystemPackage

/// Unpacks Debian packages.
package enum DebPackage {
    /// Decodes a package once: writes the files' contents to the spool, one after the other, and returns everything
    /// else as the record.
    ///
    /// Blocks until the package is decoded. Apart from the list of entries, memory does not depend on the package's
    /// size. Modes are those in the package, whatever the umask is.
    ///
    /// - Parameters:
    ///   - open: The `.deb`, which nobody changes since the caller checked its digest.
    ///   - name: The package's file name, for messages.
    ///   - spool: An empty file, positioned at its start. After an error its content is useless.
    ///   - limits: The most that the package may ask for.
    ///   - isCancelled: Called for each decoded piece of about 64 KiB; if it returns `true`, the decoding stops.
    /// - Returns: The record, from which an `UnpackedPackage` can be made once the spool is in its final place.
    /// - Throws: `LayerArchiveError` with the code `escape` for a member that would leave the root, lie below a link or
    ///   take the place of another, or `tooLarge`, `corrupt`, `inputOutput` or `cancelled`.
    package static func unpack(
        _ open: OpenFile, name: String, into spool: FileDescriptor, limits: ArchiveLimits = ArchiveLimits(),
        isCancelled: @escaping @Sendable () -> Bool
    ) throws(LayerArchiveError) -> PackageRecord {
        let members = try DebMembers(open, name: name)
        func tar(_ member: DebMembers.Member, totalSize: Int64) throws(LayerArchiveError) -> TarReader {
            let range = FileRange(open, name: name, offset: member.offset, size: member.size)
            let stream = try DecodedStream(
                range, subject: "\(member.name) of \(name)", filters: DebMembers.filters(member.name) ?? [],
                limit: totalSize, isCancelled: isCancelled)
            return TarReader(stream, limits: limits)
        }
        var controlTar = try tar(members.control, totalSize: limits.heldSize)
        let control = try readControl(&controlTar, of: name)
        var dataTar = try tar(members.data, totalSize: limits.totalSize)
        var data = PackageTree(subject: "the package \(name)", spool: spool)
        while let member = try dataTar.next() { try data.add(member, content: &dataTar) }
        guard try dataTar.finish().size > 0 else {
            throw LayerArchiveError(
                .corrupt, "cannot open the package \(name): its \(members.data.name) is empty",
                hint: LayerArchiveError.damageHint)
        }
        return try data.record(control: control, date: members.marker.modified)
    }

    /// Returns whether a file begins as a `.deb` does.
    package static func isOne(_ file: OpenFile) throws(LayerArchiveError) -> Bool {
        try file.bytes(at: 0, count: DebMembers.magic.utf8.count).elementsEqual(DebMembers.magic.utf8)
    }

    private static func readControl(
        _ tar: inout TarReader, of package: String
    ) throws(LayerArchiveError) -> [String: [UInt8]] {
        var control: [String: [UInt8]] = [:]
        while let member = try tar.next() {
            guard member.kind == .regular else { continue }
            let name = member.shownPath.hasPrefix("./") ? String(member.shownPath.dropFirst(2)) : member.shownPath
            guard !name.isEmpty, !name.contains("/"), control[name] == nil else {
                throw LayerArchiveError(
                    .escape,
                    "cannot open the package \(package): its control archive holds '\(member.shownPath)' twice or below a folder"
                )
            }
            control[name] = try tar.readHeldContent()
        }
        _ = try tar.finish()
        guard control["control"] != nil else {
            throw LayerArchiveError(
                .corrupt, "cannot open the package \(package): its control archive has no file 'control'")
        }
        return control
    }
}
