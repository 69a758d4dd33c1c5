package import OCIModel

/// A release that is a file by itself, plain or compressed, and no archive.
struct SingleFile {
    /// The file as the only member of an archive. Its name there says nothing, since what is remembered of an archive is
    /// found by its digest. It may be executed if its first bytes are those of a program or a script.
    let member: TarMember

    static let memberName = ".single-file"
    private static let compressions = [".gz", ".bz2", ".xz", ".lzma", ".zst"]
    private static let archives = [".tar", ".tgz", ".tbz", ".tbz2", ".txz", ".tzst", ".tlz"]
    private static let programs = ["\u{7f}ELF", "MZ", "#!"]

    /// Judges by the first decoded bytes, and returns `nil` for those of a tar. A name that promises a tar is believed,
    /// so that a damaged one is not taken for something else.
    init?(name: String, beginning bytes: [UInt8]) {
        let isZero = bytes.allSatisfy { $0 == 0 }
        let isTar = bytes.count == TarHeader.blockSize && (isZero || (try? TarMember.Header(bytes)) != nil)
        let plain = Self.uncompressed(name)
        guard !isTar, !bytes.isEmpty, !Self.archives.contains(where: { plain.lowercased().hasSuffix($0) }) else {
            return nil
        }
        let isProgram = Self.programs.contains { bytes.starts(with: $0.utf8) }
        member = TarMember(file: Array(Self.memberName.utf8), mode: isProgram ? 0o755 : 0o644)
    }

    /// Returns a name without the ending of a compression.
    static func uncompressed(_ name: String) -> String {
        let ending = compressions.first { name.lowercased().hasSuffix($0) && name.utf8.count > $0.utf8.count }
        return String(name.dropLast(ending?.count ?? 0))
    }
}

extension UnpackedPackage {
    /// Returns the names that the content of a release has if that is a single file, which the release is called;
    /// `nil` for an archive.
    package func singleFileNames(_ release: String) -> (names: [String], path: EntryPath)? {
        guard tree.entries.count == 1, let path = try? EntryPath(SingleFile.memberName), tree[path] != nil else {
            return nil
        }
        let plain = SingleFile.uncompressed(release)
        return (plain == release ? [release] : [plain, release], path)
    }
}
