import DebianFormat
import LayerArchive
import OCIModel

extension FileTree {
    /// Writes a package's control fields and checksums below `/var/lib/dpkg/status.d`, where scanners look for the
    /// packages of images without a dpkg database.
    ///
    /// Checksums are kept only for files that are in the tree and belong to the package, under their merged paths. A
    /// line of another form would make trivy give up on all packages, so it is dropped.
    mutating func addRecord(
        of package: InstalledPackage, owners: [EntryPath: String], time: Int64
    ) throws(ImageAssemblyError) {
        let path = try EntryPath.of("var/lib/dpkg/status.d/" + package.name)
        self[path] = FileEntry(.regular(.bytes(Array(package.stanza.bytes))), mode: 0o644, modified: time)
        guard let sums = package.control["md5sums"] else { return }
        var kept: [UInt8] = []
        for line in sums.split(separator: UInt8(ascii: "\n")) {
            let digits = line.prefix(32)
            let isHex = digits.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
            guard digits.count == 32, isHex, line.dropFirst(32).starts(with: "  ".utf8),
                let shipped = try? EntryPath(line.dropFirst(34)), let merged = try? UsrMerge.path(shipped),
                self[merged] != nil, owners[merged] == package.name
            else { continue }
            kept += digits + "  ".utf8 + merged.bytes + [UInt8(ascii: "\n")]
        }
        self[try .of("var/lib/dpkg/status.d/\(package.name).md5sums")] = FileEntry(
            .regular(.bytes(kept)), mode: 0o644, modified: time)
    }
}
