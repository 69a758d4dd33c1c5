import DebianFormat
import ImageDefinition
import LayerArchive
import OCIModel

/// A package whose content matches its pin in the lock.
struct InstalledPackage {
    let locked: Lock.Package
    let tree: FileTree
    let control: [String: [UInt8]]
    let stanza: Stanza
    /// The packages whose files this package's files may replace (Debian policy, 7.6.1). Only relations without a
    /// version count: those with a version refer to packages that a resolved set no longer contains.
    let replaces: Set<String>

    var name: String { locked.name }

    /// The order of installation: base-passwd first, whose accounts the others need, then base-files, whose modes of
    /// common directories take precedence, then the others by name.
    var rank: Int { name == "base-passwd" ? 0 : name == "base-files" ? 1 : 2 }

    init(_ locked: Lock.Package, _ unpacked: UnpackedPackage) throws(ImageAssemblyError) {
        guard Relation.isPackageName(locked.name.utf8) else {
            throw ImageAssemblyError(.invalidInput, "'\(locked.name)' is not the name of a Debian package")
        }
        let fields = [("Package", locked.name), ("Version", locked.version), ("Architecture", locked.architecture)]
        let stated: [String?]
        self.locked = locked
        tree = unpacked.tree
        control = unpacked.control
        do throws(DebianFormatError) {
            let stanza = try Stanza(controlFile: unpacked.control["control"] ?? [])
            self.stanza = stanza
            stated = try fields.map { (field, _) throws(DebianFormatError) in try stanza.value(field) }
            let relations = try Clause.parse(stanza.value("Replaces") ?? "").flatMap(\.alternatives)
            replaces = Set(relations.filter { $0.comparison == nil }.map(\.name))
        } catch {
            throw ImageAssemblyError(
                .invalidInput, "cannot use the control file of package \(locked.name): it \(error.message)")
        }
        for ((field, expected), stated) in zip(fields, stated) where stated != expected {
            throw ImageAssemblyError(
                .invalidInput,
                "cannot install \(locked.name): the lock says \(field) \(expected), but the package says \(stated ?? "nothing")",
                hint: "lock the image again")
        }
    }
}
