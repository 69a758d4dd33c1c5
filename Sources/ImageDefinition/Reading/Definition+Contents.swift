import OCIModel

extension Definition {
    /// Reads accounts, directories, files and links, and refuses a second entry for the same path.
    mutating func readContents(_ section: Section) {
        groups = unique(section["groups"], "group") {
            $0.group()
        } keys: {
            [$0.name, "\($0.id)"]
        }
        users = unique(section["users"], "user") {
            $0.user()
        } keys: {
            [$0.name, "\($0.id)"]
        }
        let bundled = bundledPaths
        var folders = bundled
        directories = section["directories"]?.list().compactMap { $0.directory(&folders) } ?? []
        var taken = bundled
        for field in section["files"]?.list() ?? [] {
            switch Self.isInputFile(field) {
            case true?:
                // A member of an archive may be a folder too.
                let others = field.isMember ? bundled : folders
                if let file = field.inputFile(of: self, { $0.free(&taken, besides: others) }) {
                    inputFiles.append(file)
                }
            case false?:
                // Under 'directories', a folder that is copied may have a mode and an owner of its own.
                if let file = field.extraFile(&taken) { files.append(file) }
            case nil: break
            }
        }
        links = section["links"]?.list().compactMap { $0.link(&taken, besides: folders) } ?? []
    }

    /// Reads a list of accounts, in which no name or number may occur twice.
    private func unique<Value>(
        _ field: Field?, _ noun: String, read: (Field) -> Value?, keys: (Value) -> [String]
    ) -> [Value] {
        var seen: Set<String> = []
        return field?.list().compactMap { entry in
            guard let value = read(entry) else { return nil }
            for key in keys(value) where !seen.insert(key).inserted {
                entry.report(
                    "another \(noun) already has the name or number '\(key)'",
                    hint: "give each \(noun) its own name and number")
            }
            return value
        } ?? []
    }

    /// The paths that the bundle fills and that nothing else may claim.
    private var bundledPaths: [EntryPath: String] {
        guard let bundle else { return [:] }
        var paths: [EntryPath: String] = [:]
        for program in bundle.programs {
            let versions = bundle.versions.map { "\(program.name)-\($0.version)" }
            for name in [program.name] + versions {
                if let path = try? bundle.directory.appending(name) { paths[path] = "the bundle" }
            }
        }
        return paths
    }
}

extension Field {
    /// Reads an account name by the rules of adduser(8), which keep `:` and line breaks out of `/etc/passwd`.
    private func accountName() -> String? {
        text("an account name", like: "etcd") { text in
            (1...32).contains(text.utf8.count)
                && text.utf8.first.map { (0x61...0x7a).contains($0) || $0 == UInt8(ascii: "_") } ?? false
                && text.utf8.allSatisfy { isLowerAlphanumeric($0) || "_-".utf8.contains($0) }
        }
    }

    fileprivate func group() -> Definition.Group? {
        guard let section = section(.group) else { return nil }
        let (name, id) = (section["name"]?.accountName(), section["id"]?.identifier())
        guard let name, let id else { return nil }
        return Definition.Group(name: name, id: id)
    }

    fileprivate func user() -> Definition.User? {
        guard let section = section(.user) else { return nil }
        let (name, id) = (section["name"]?.accountName(), section["id"]?.identifier())
        let group = section["group"]?.accountName()
        let home = section["home"].flatMap { $0.passwordPath() } ?? Definition.User.noHome
        let shell = section["shell"].flatMap { $0.passwordPath() } ?? "/usr/sbin/nologin"
        guard let name, let id, let group else { return nil }
        return Definition.User(name: name, id: id, group: group, home: home, shell: shell)
    }

    /// Reads a path that `/etc/passwd` can hold.
    private func passwordPath() -> String? {
        guard let path = path()?.description else { return nil }
        guard !path.contains(where: { $0 == ":" || $0.isNewline }) else {
            report("the path '\(path)' contains a ':' or a line break, which /etc/passwd cannot hold")
            return nil
        }
        return path
    }

    /// Reads a path that no earlier entry has taken, nor one of `others`.
    fileprivate func free(
        _ taken: inout [EntryPath: String], besides others: [EntryPath: String] = [:]
    ) -> EntryPath? {
        guard let path = path() else { return nil }
        if let owner = taken.updateValue("'\(name)'", forKey: path) ?? others[path] {
            report("the path '\(path)' is already filled by \(owner)", hint: "keep one of the entries")
        }
        return path
    }

    fileprivate func directory(_ taken: inout [EntryPath: String]) -> Definition.Directory? {
        guard let section = section(.directory) else { return nil }
        let mode = section["mode"].flatMap { $0.mode() } ?? 0o755
        let owner = section["owner"].flatMap { $0.ownership() } ?? Definition.Ownership()
        var directory = section["path"]?.free(&taken).map { Definition.Directory(path: $0, mode: mode, owner: owner) }
        directory?.system = section["system"]?.system()
        return directory
    }

    fileprivate func extraFile(_ taken: inout [EntryPath: String]) -> Definition.ExtraFile? {
        guard let section = section(.file) else { return nil }
        let source = section["source"]?.sharedPath()
        if let source { section["source"]?.checkPlaceholders(source, known: [.arch]) }
        let (path, mode) = (section["path"]?.free(&taken), section["mode"]?.mode())
        let owner = section["owner"].flatMap { $0.ownership() } ?? Definition.Ownership()
        guard let source, let path else { return nil }
        var file = Definition.ExtraFile(source: source, path: path, mode: mode, owner: owner)
        file.system = section["system"]?.system()
        return file
    }

    fileprivate func link(
        _ taken: inout [EntryPath: String], besides folders: [EntryPath: String]
    ) -> Definition.Link? {
        guard let section = section(.link) else { return nil }
        let path = section["path"]?.free(&taken, besides: folders)
        let target = section["target"]?.text("a link's target", like: "etcd or /usr/bin/etcd") { text in
            (1...4095).contains(text.utf8.count) && !text.contains(where: \.isNewline)
        }
        guard let path, let target else { return nil }
        var link = Definition.Link(path: path, target: target)
        link.system = section["system"]?.system()
        return link
    }
}
