import LayerArchive
import OCIModel

extension WindowsLayer {
    /// The names, in upper case, that every Windows base image has at the top of its drive. An entry for such a
    /// directory would replace its attributes and rights with ours, so nothing is put below one either.
    private static let baseEntries: Set<String> = [
        "$RECYCLE.BIN", "BOOT", "BOOTMGR", "DOCUMENTS AND SETTINGS", "EFI", "INETPUB", "LICENSE.TXT", "PERFLOGS",
        "PROGRAM FILES", "PROGRAM FILES (X86)", "PROGRAMDATA", "RECOVERY", "SYSTEM VOLUME INFORMATION", "USERS",
        "WCSANDBOXSTATE", "WINDOWS",
    ]

    static func isBaseEntry(_ name: some Collection<UInt8>) -> Bool {
        baseEntries.contains(String(decoding: name, as: UTF8.self).uppercased())
    }

    static func check(_ path: EntryPath, _ entry: FileEntry) throws(ImageAssemblyError) {
        func refused(_ reason: String, hint: String? = nil) -> ImageAssemblyError {
            ImageAssemblyError(
                .invalidInput, "cannot put \(path) into a Windows layer: \(reason)", hint: hint)
        }
        switch entry.kind {
        case .regular, .directory, .hardLink: break
        case .symlink:
            throw refused(
                "it is a symbolic link, which needs special rights on Windows", hint: "put the file itself there")
        case .characterDevice, .blockDevice, .fifo: throw refused("Windows has no devices or pipes in its file system")
        }
        for name in path.components {
            if let reason = WindowsName.refusal(name) {
                throw refused("'\(String(decoding: name, as: UTF8.self))' \(reason)")
            }
        }
        for name in path.components.dropLast(entry.kind == .directory ? 0 : 1) {
            if let reason = WindowsName.directoryRefusal(name) {
                throw refused("'\(String(decoding: name, as: UTF8.self))' \(reason)", hint: "shorten the name")
            }
        }
        guard entry.attributes.isEmpty else {
            throw refused("it has extended attributes, which only Linux understands")
        }
        guard !path.name.starts(with: WindowsImporter.whiteoutPrefix.utf8) else {
            throw refused("its name would remove a file of the layers below")
        }
        let top = path.components.first ?? []
        guard !isBaseEntry(top) else {
            throw refused(
                "C:\\\(String(decoding: top, as: UTF8.self)) belongs to the base image, whose attributes and rights an entry below it would replace",
                hint: "use a directory of your own, such as /usr/local/bin")
        }
    }

    /// Refuses two names that differ only in case, which are one file to Windows.
    static func checkCase(_ tree: FileTree) throws(ImageAssemblyError) {
        var seen: [[Unicode.Scalar]: EntryPath] = [:]
        for (path, _) in tree.sorted {
            if let other = seen.updateValue(path, forKey: WindowsName.folded(path.bytes)) {
                throw ImageAssemblyError(
                    .conflict,
                    "cannot put \(path) and \(other) into a Windows layer: to Windows they are the same name",
                    hint: "keep one of them, or rename it")
            }
        }
    }
}
