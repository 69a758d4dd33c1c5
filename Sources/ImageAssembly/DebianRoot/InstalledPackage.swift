import ImageDefinition
import LayerArchive
import OCIModel

/// A package that is what the lock says it is.
struct InstalledPackage {
    let locked: Lock.Package
    let tree: FileTree
    let control: [String: [UInt8]]
    let stanza: ControlStanza
    /// Packages whose files this one's may take the place of (Debian policy 7.6.1). Only relations without a version:
    /// one with a version speaks of packages that a resolved set no longer holds.
    let replaces: Set<String>

    var name: String { locked.name }

    /// Installation starts with base-passwd, whose accounts the others need, and base-files, whose modes of common
    /// directories hold; then by name.
    var rank: Int { name == "base-passwd" ? 0 : name == "base-files" ? 1 : 2 }

    init(_ locked: Lock.Package, _ unpacked: UnpackedPackage) throws(ImageAssemblyError) {
        let letters = Set("abcdefghijklmnopqrstuvwxyz0123456789+-.")
        guard let first = locked.name.first, first.isLetter || first.isNumber, locked.name.allSatisfy(letters.contains)
        else {
            throw ImageAssemblyError(.invalidInput, "'\(locked.name)' is not the name of a Debian package")
        }
        self.locked = locked
        tree = unpacked.tree
        control = unpacked.control
        stanza = try ControlStanza(unpacked.control["control"] ?? [], of: locked.name)
        for (field, expected) in [
            ("Package", locked.name), ("Version", locked.version), ("Architecture", locked.architecture),
        ] where stanza[field] != expected {
            throw ImageAssemblyError(
                .invalidInput,
                "cannot install \(locked.name): the lock says \(field) \(expected), the package "
                    + (stanza[field] ?? "nothing"),
                hint: "lock the image again")
        }
        replaces = Set(
            (stanza["Replaces"] ?? "").split(separator: ",").map { $0.filter { !$0.isWhitespace } }
                .filter { !$0.contains("(") })
    }
}
