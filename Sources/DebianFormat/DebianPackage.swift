package import OCIModel

/// The contents of a `Packages` stanza about one `.deb`, checked, with the stanza's own bytes for the proof.
package struct DebianPackage: Sendable {
    package var name: String
    package var version: DebianVersion
    /// The architecture by Debian's name, or `all`.
    package var architecture: String
    /// The path relative to the archive's root: `pool/main/…/….deb`.
    package var path: String
    /// The size in bytes.
    package var size: Int64
    package var sha256: Digest
    package var isEssential: Bool
    /// The multi-arch behaviour: `foreign`, `same`, `allowed`; absent means `no`.
    package var multiArch: String?
    package var priority: String?
    /// The clauses of Pre-Depends, then Depends.
    package var dependencies: [Clause]
    package var provides: [Relation]
    /// The relations of Conflicts and Breaks, which mean the same for packages that are installed together.
    package var conflicts: [Relation]
    package var stanza: Stanza

    /// Reads a stanza.
    ///
    /// - Throws: `DebianFormatError(.corrupt)` that names the package if a field is missing or malformed.
    package init(_ stanza: Stanza) throws(DebianFormatError) {
        let name = try stanza.required("Package")
        do throws(DebianFormatError) {
            guard Relation.isPackageName(name.utf8) else {
                throw DebianFormatError(.corrupt, "its name is invalid")
            }
            self.name = name
            version = try DebianVersion(stanza.required("Version"))
            architecture = try stanza.required("Architecture")
            path = try Self.poolPath(stanza.required("Filename"))
            size = try Self.size(stanza.required("Size"))
            sha256 = try Self.digest(stanza.required("SHA256"))
            isEssential = try stanza.value("Essential") == "yes"
            multiArch = try stanza.value("Multi-Arch")
            priority = try stanza.value("Priority")
            dependencies = try Self.clauses(stanza, ["Pre-Depends", "Depends"])
            provides = try Self.clauses(stanza, ["Provides"]).flatMap(\.alternatives)
            conflicts = try Self.clauses(stanza, ["Conflicts", "Breaks"]).flatMap(\.alternatives)
            self.stanza = stanza
        } catch {
            throw DebianFormatError(.corrupt, "cannot read the stanza of '\(name.prefix(80))': \(error.message)")
        }
    }

    private static func clauses(_ stanza: Stanza, _ fields: [String]) throws(DebianFormatError) -> [Clause] {
        var clauses: [Clause] = []
        for field in fields { clauses += try Clause.parse(stanza.value(field) ?? "") }
        return clauses
    }

    private static func size(_ text: String) throws(DebianFormatError) -> Int64 {
        guard let size = Int64(text), size > 0, size <= 8 << 30 else {
            throw DebianFormatError(.corrupt, "its Size '\(text.prefix(40))' is not between 1 byte and 8 GiB")
        }
        return size
    }

    private static func digest(_ text: String) throws(DebianFormatError) -> Digest {
        guard let digest = try? Digest(hex: text) else {
            throw DebianFormatError(.corrupt, "its SHA256 '\(text.prefix(80))' is not 64 hexadecimal digits")
        }
        return digest
    }

    private static func poolPath(_ text: String) throws(DebianFormatError) -> String {
        guard text.isPlainPath, text.utf8.count <= 1024, text.hasPrefix("pool/") else {
            throw DebianFormatError(.corrupt, "its Filename '\(text.prefix(120))' is not a path below pool/")
        }
        return text
    }
}
