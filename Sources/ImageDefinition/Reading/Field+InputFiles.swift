import ConfigurationFile
import OCIModel

extension Field {
    /// Reads an entry of `files` whose contents are not in the image's folder: a text, a member of an archive, or a
    /// compiled program.
    func inputFile(of definition: Definition, _ free: (Field) -> EntryPath?) -> Definition.InputFile? {
        guard let section = section(.file) else { return nil }
        let (mode, owner) = (section["mode"]?.mode(), section["owner"].flatMap { $0.ownership() })
        let path = section["path"].flatMap(free)
        guard let kind = inputKind(section, hasVersions: definition.bundle != nil), let path else { return nil }
        if case .go = kind, definition.goToolchain == nil {
            report("no Go toolchain is given to compile '\(name)'", hint: "add 'go-toolchain'")
        }
        return Definition.InputFile(
            kind, path: path, mode: mode, owner: owner ?? Definition.Ownership(), system: section["system"]?.system())
    }

    /// Whether the entry is a member of an archive.
    var isMember: Bool {
        guard case .mapping(let pairs) = node.value else { return false }
        return pairs.contains { if case .scalar("archive", _) = $0.key.value { true } else { false } }
    }

    private func inputKind(_ section: Section, hasVersions: Bool) -> Definition.InputFile.Kind? {
        let known: [Placeholder] = (hasVersions ? [.version] : []) + [.os, .arch, .exe]
        if let text = section["text"] {
            guard let content = text.text() else { return nil }
            text.checkPlaceholders(content, known: hasVersions ? [.versions] : [])
            return .text(content)
        }
        if let go = section["go"] { return go.goProgram(known: known).map { .go($0.0, package: $0.package) } }
        guard let archive = section["archive"] else { return nil }
        guard let member = section["member"] else {
            report("'\(name)' has 'archive' but no 'member'")
            return nil
        }
        archive.refusePlatforms()
        guard let requirement = archive.archive(known: known), let name = member.member(known: known) else {
            return nil
        }
        return .archive(requirement, member: name)
    }
}

extension Definition {
    /// Returns whether an entry of `files` is one of `inputFiles`; reports an entry without contents or with more than
    /// one kind, for which it returns `nil`.
    static func isInputFile(_ field: Field) -> Bool? {
        guard case .mapping(let pairs) = field.node.value else { return false }
        let given = pairs.compactMap { pair -> String? in
            if case .scalar(let key, _) = pair.key.value { key } else { nil }
        }
        let kinds = given.filter { ["source", "text", "archive", "go"].contains($0) }
        // A misspelt key is reported as such, where the keys are read.
        if kinds.isEmpty, !given.allSatisfy(DefinitionSection.file.keys.all.contains) { return false }
        guard kinds.count == 1 else {
            field.report(
                kinds.isEmpty
                    ? "'\(field.name)' does not state its content"
                    : "'\(field.name)' states its content in more than one way: " + kinds.joined(separator: ", "),
                hint: "give it one of source, text, archive, go")
            return nil
        }
        if kinds != ["archive"],
            pairs.contains(where: { if case .scalar("member", _) = $0.key.value { true } else { false } })
        {
            field.report("'member' is only allowed with 'archive'")
        }
        return kinds != ["source"]
    }

    /// Checks that every bundled version has an origin on every platform, and that each program can be found there.
    func checkOrigins(_ root: Section) {
        guard let bundle else { return }
        let field = root["bundle"]
        if bundle.go != nil, goToolchain == nil {
            field?.report("no Go toolchain is given to compile the bundle's programs", hint: "add 'go-toolchain'")
        }
        var reported: Set<String> = []
        func report(_ message: String, _ hint: String) {
            if reported.insert(message).inserted { field?.report(message, hint: hint) }
        }
        for version in bundle.versions {
            for platform in platforms {
                let origin = bundle.origin(of: version, on: platform)
                if origin == nil {
                    report(
                        "nothing provides version \(version.version) for \(platform)",
                        "give the version 'suites', or the bundle 'archives' or 'go'")
                }
                for program in bundle.programs(of: version) {
                    guard let key = program.missingKey(for: origin, version.version) else { continue }
                    report(
                        "the program '\(program.name)' lacks '\(key)', which \(version.version) for \(platform) needs",
                        "add '\(key)' to bundle.programs.\(program.name)")
                }
            }
        }
    }
}

extension Definition.Program {
    /// Returns the key that an origin needs and this program lacks.
    fileprivate func missingKey(for origin: Definition.Bundle.Origin?, _ version: String) -> String? {
        switch origin {
        case .packages: package == nil ? "package" : file == nil ? "file" : nil
        case .archive: member == nil ? "member" : nil
        case .go: goPackage(of: version) == nil ? "go" : nil
        case nil: nil
        }
    }
}
