import ImageDefinition
import LayerArchive
import OCIModel

extension RootFilesystem {
    /// Returns an account file, or `nil` if the root filesystem has no such file.
    private func accounts(_ kind: AccountFile.Kind) throws(ImageAssemblyError) -> AccountFile? {
        let path = try kind.path()
        guard hasEntry(at: path) else { return nil }
        return try AccountFile(kind, read(path))
    }

    private mutating func write(_ file: AccountFile) throws(ImageAssemblyError) {
        try write(file.bytes, to: file.kind.path())
    }

    func userID(_ name: String) throws(ImageAssemblyError) -> UInt32 { try id(of: name, in: .passwd, "user") }
    func groupID(_ name: String) throws(ImageAssemblyError) -> UInt32 { try id(of: name, in: .group, "group") }

    private func id(
        of name: String, in kind: AccountFile.Kind, _ noun: String
    ) throws(ImageAssemblyError) -> UInt32 {
        if let id = try accounts(kind)?.id(of: name) { return id }
        // root needs no account; an image without base-passwd also has it.
        if name == "root" { return 0 }
        throw ImageAssemblyError(.invalidInput, "the image has no \(noun) '\(name)'")
    }

    /// The days since the epoch, as shadow(5) counts a password's last change.
    private var day: Int64 { max(0, time) / 86400 }

    mutating func addShadow() throws(ImageAssemblyError) {
        guard var passwd = try accounts(.passwd), var group = try accounts(.group) else {
            throw ImageAssemblyError(.invalidInput, "there are no accounts in /etc/passwd and /etc/group")
        }
        var shadow = AccountFile(.shadow)
        var gshadow = AccountFile(.gshadow)
        for (line, password) in passwd.takePasswords() {
            shadow.append([line[0], password, "\(day)", "0", "99999", "7", "", "", ""])
        }
        for (line, password) in group.takePasswords() { gshadow.append([line[0], password, "", line[3]]) }
        try write(passwd)
        try write(group)
        for file in [shadow, gshadow] {
            try addFile(file.kind.path(), file.bytes, mode: 0o640, user: "root", group: "shadow")
        }
    }

    /// Adds the definition's accounts, locked, after those of the packages.
    ///
    /// - Throws: `ImageAssemblyError` with the code `conflict`, naming every name or number that is taken.
    mutating func add(users: [Definition.User], groups: [Definition.Group]) throws(ImageAssemblyError) {
        guard !users.isEmpty || !groups.isEmpty else { return }
        var files = try AccountFiles(
            passwd: accounts(.passwd) ?? AccountFile(.passwd), group: accounts(.group) ?? AccountFile(.group),
            shadow: accounts(.shadow), gshadow: accounts(.gshadow))
        for group in groups { try files.add(group) }
        for user in users { try files.add(user, day: day) }
        guard files.taken.isEmpty else {
            throw ImageAssemblyError(
                .conflict, "cannot add the image's users and groups: " + files.taken.joined(separator: "; "),
                hint: "choose other names and numbers in the definition")
        }
        try write(files.passwd)
        try write(files.group)
        if let shadow = files.shadow { try write(shadow) }
        if let gshadow = files.gshadow { try write(gshadow) }
        for user in users { try addHome(of: user) }
    }

    /// Makes the home that a definition gives a user, as adduser does, unless it is there; `/nonexistent` says that there
    /// is none.
    private mutating func addHome(of user: Definition.User) throws(ImageAssemblyError) {
        guard user.home != Definition.User.noHome else { return }
        let path: EntryPath
        do { path = try EntryPath(user.home) } catch { throw ImageAssemblyError(.invalidInput, error.message) }
        if let place = tree.resolve(path, mayBeMissing: true), let entry = tree[place], entry.kind != .directory {
            throw ImageAssemblyError(.invalidInput, "the home \(user.home) of \(user.name) is a file of the image")
        }
        // Packages need not ship the folders above their files.
        guard !path.isRoot, !tree.entries.keys.contains(where: { $0.isWithin(path) }), !hasEntry(at: path) else {
            return
        }
        try addDirectory(path, mode: 0o755, user: user.name, group: user.group)
    }
}
