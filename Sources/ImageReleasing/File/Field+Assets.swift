import ConfigurationFile
import OCIModel

extension Field {
    func archiveRules() -> ArchiveRules? {
        guard let section = section(.archives) else { return nil }
        let name = section["name"]?.fileName([.os, .arch])
        for word in ["${os}", "${arch}"] where name.map({ !$0.description.contains(word) }) ?? false {
            section["name"]?.report(
                "the archives of several platforms would have one name", hint: "put \(word) into it")
        }
        var forms: [String: ArchiveForm] = [:]
        for (key, value) in section["forms"]?.entries() ?? [] {
            if let system = key.choice("system", among: ReleasedPlatform.systems) { forms[system] = value.word("form") }
        }
        let extras = section["extras"]?.list().compactMap { $0.extra() } ?? []
        let withSBOM = section["sbom"]?.boolean() ?? true
        return name.map { ArchiveRules(name: $0, forms: forms, extras: extras, withSBOM: withSBOM) }
    }

    private func extra() -> ArchiveRules.Extra? {
        guard case .mapping = node.value else { return sourcePath().map { .init(from: $0, to: $0) } }
        guard let section = section(.extra), let from = section["from"]?.sourcePath() else { return nil }
        return .init(
            from: from, to: section["to"]?.sourcePath() ?? from, versions: section["versions"]?.versionRange())
    }

    func sourceArchiveRules() -> SourceArchiveRules? {
        guard let section = section(.sourceArchives) else { return nil }
        let forms: [ArchiveForm] = section["forms"]?.list().distinct { $0.word("form") } ?? []
        return section["name"]?.fileName().map { SourceArchiveRules(name: $0, forms: forms) }
    }

    func image(_ programs: [ReleasedProgram], _ platforms: [ReleasedPlatform]) -> ReleasedImage? {
        guard let section = section(.image) else { return nil }
        let name = section["name"]?.text("an image's name", like: "etcd", where: PortableName.isValid)
        let definition = section["definition"]?.nearbyPath()
        let known = Set(programs.map(\.name)).sorted()
        var paths: [String: String] = [:]
        for (key, value) in section["programs"]?.entries() ?? [] {
            guard let program = key.choice("program", among: known) else { continue }
            paths[program] = value.text("a path in the image", like: "/usr/local/bin/etcd") { text in
                text.hasPrefix("/") && text.count > 1 && (try? EntryPath(text)) != nil
            }
        }
        if section["programs"]?.entries().isEmpty == true {
            section["programs"]?.report(
                "the image would have no program of the release", hint: "name one with its path")
        }
        let own = section["platforms"]?.list().distinct { $0.releasedPlatform(among: platforms) } ?? []
        let repositories = section["repositories"]?.list().distinct { $0.repository() } ?? []
        let tags = section["tags"]?.list().compactMap { $0.tagRule(own) } ?? []
        let latest: ReleasedImage.Latest = section["latest"]?.word("rule for latest") ?? .never
        let promotion = section["promotion"]?.list().compactMap { $0.tagTemplate([]) } ?? []
        let range = section["versions"]?.versionRange()
        guard let name, let definition else { return nil }
        return ReleasedImage(
            name: name, definition: definition, programs: paths, platforms: own, repositories: repositories,
            tags: tags, latest: latest, promotion: promotion, versions: range)
    }

    private func tagRule(_ platforms: [ReleasedPlatform]) -> ReleasedImage.TagRule? {
        guard let section = section(.tag) else { return nil }
        let own = section["platforms"]?.list().distinct { $0.releasedPlatform(among: platforms) } ?? []
        let range = section["versions"]?.versionRange()
        let tag = section["tag"]?.tagTemplate(own.isEmpty ? [] : [.os, .arch])
        return tag.map { .init(tag: $0, platforms: own, versions: range) }
    }

    private func tagTemplate(_ more: [Template.Name]) -> Template? {
        guard let template = template(more) else { return nil }
        let plain = template.filled(Dictionary(uniqueKeysWithValues: Template.Name.allCases.map { ($0, "0") }))
        guard Tag(plain) != nil, plain != "latest" else {
            report(
                "'\(template)' is not a tag",
                hint: plain == "latest"
                    ? "write latest: stable" : "a tag has up to 128 letters, digits, '_', '.' and '-'")
            return nil
        }
        return template
    }

    /// Reads a platform that must be one of the file's, whatever its range of versions there.
    private func releasedPlatform(among known: [ReleasedPlatform]) -> ReleasedPlatform? {
        guard let platform = platform() else { return nil }
        guard known.contains(where: { $0.description == platform.description }) else {
            report(
                "\(platform) is not among the platforms",
                hint: Spelling.hint(for: platform.description, among: known.map(\.description)))
            return nil
        }
        return platform
    }

    func sizeLimits() -> SizeLimits? {
        guard let section = section(.limits) else { return nil }
        return SizeLimits(archive: section["archive"]?.size(), growth: section["growth"]?.integer(in: 1...1000))
    }
}
