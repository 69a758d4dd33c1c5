import ImageDefinition

/// The four account files while the definition's users and groups are added.
struct AccountFiles {
    var passwd: AccountFile
    var group: AccountFile
    var shadow: AccountFile?
    var gshadow: AccountFile?
    /// The collisions found so far, as texts for a message.
    private(set) var taken: [String] = []

    init(passwd: AccountFile, group: AccountFile, shadow: AccountFile?, gshadow: AccountFile?) {
        self.passwd = passwd
        self.group = group
        self.shadow = shadow
        self.gshadow = gshadow
    }

    mutating func add(_ new: Definition.Group) throws(ImageAssemblyError) {
        try check(new.name, is: "name of a group", of: new.name)
        guard isFree("group", new.name, new.id, in: group) else { return }
        group.append([new.name, gshadow == nil ? "*" : "x", "\(new.id)", ""])
        gshadow?.append([new.name, "!", "", ""])
    }

    mutating func add(_ new: Definition.User, day: Int64) throws(ImageAssemblyError) {
        try check(new.name, is: "name of a user", of: new.name)
        try check(new.home, is: "home", of: new.name)
        try check(new.shell, is: "shell", of: new.name)
        guard isFree("user", new.name, new.id, in: passwd) else { return }
        guard let primary = group.id(of: new.group) else {
            throw ImageAssemblyError(
                .invalidInput, "cannot add user \(new.name): the image has no group '\(new.group)'",
                hint: "add the group to the definition")
        }
        passwd.append([new.name, shadow == nil ? "*" : "x", "\(new.id)", "\(primary)", "", new.home, new.shell])
        shadow?.append([new.name, "!", "\(day)", "", "", "", "", "", ""])
    }

    private mutating func isFree(_ noun: String, _ name: String, _ id: UInt32, in file: AccountFile) -> Bool {
        let before = taken.count
        if let other = file.id(of: name) { taken.append("\(noun) \(name) exists with number \(other)") }
        if let other = file.name(of: id), other != name {
            taken.append("number \(id) of \(noun) \(name) belongs to \(other)")
        }
        return taken.count == before
    }

    /// Refuses texts with a colon or a line break, which would turn the account into others.
    private func check(_ text: String, is what: String, of account: String) throws(ImageAssemblyError) {
        guard !text.isEmpty, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: ":") }) else {
            throw ImageAssemblyError(.invalidInput, "cannot add '\(account)': '\(text)' cannot be the \(what)")
        }
    }
}
