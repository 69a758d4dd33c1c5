import ConfigurationFile

extension Field {
    func gateRules() -> GateRules? {
        guard let section = section(.gates) else { return nil }
        let documents = section["documents"]?.list().compactMap { $0.document() } ?? []
        let statements = section["statements"]?.list().compactMap { $0.statement() } ?? []
        let names = GateName.allCases.map(\.rawValue) + documents.map(\.name) + statements.map(\.name)
        for name in Set(names).sorted() where names.count(where: { $0 == name }) > 1 {
            report("two gates have the name '\(name)'", hint: "give one of them another")
        }
        return GateRules(
            acceptsMerges: section["merges"]?.boolean() ?? true, documents: documents, statements: statements)
    }

    private func gateName() -> String? {
        text("a gate's name", like: "upgrade-guide", where: PortableName.isValid)
    }

    private func document() -> GateRules.Document? {
        guard let section = section(.document), let name = section["name"]?.gateName(),
            let file = section["file"]?.sourceTemplate()
        else { return nil }
        return .init(
            name: name, file: file, text: section["text"]?.template(),
            releases: section["releases"]?.word("kind of release") ?? .all,
            versions: section["versions"]?.versionRange())
    }

    private func statement() -> GateRules.Statement? {
        guard let section = section(.statement), let name = section["name"]?.gateName(),
            let text = section["text"]?.text()
        else { return nil }
        return .init(
            name: name, text: text, releases: section["releases"]?.word("kind of release") ?? .all,
            versions: section["versions"]?.versionRange())
    }

    func downloadPlace() -> DownloadPlace? {
        guard let section = section(.download) else { return nil }
        let (github, folder) = (section["github"]?.text(), section["folder"]?.nearbyPath())
        func address(_ key: String) -> String? {
            section[key]?.text("an address", like: "https://api.github.com") { text in
                (text.hasPrefix("https://") || text.hasPrefix("http://")) && !text.hasSuffix("/")
                    && !text.contains { $0.isWhitespace }
            }
        }
        switch (github, folder) {
        case (let text?, nil):
            let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2, parts.allSatisfy(PortableName.isValid) else {
                report("'\(text)' is not a repository on GitHub", hint: "write owner/repository: etcd-io/etcd")
                return nil
            }
            return .github(
                owner: parts[0], repository: parts[1], api: address("api") ?? "https://api.github.com")
        case (nil, let folder?): return .folder(path: folder, address: address("address"))
        default:
            report("'\(name)' needs 'github' or 'folder', and not both")
            return nil
        }
    }

    func notesRules() -> NotesRules? {
        guard let section = section(.notes) else { return nil }
        let groups = section["groups"]?.list().compactMap { field -> NotesRules.Group? in
            guard let section = field.section(.group), let title = section["title"]?.text() else { return nil }
            return .init(title: title, prefixes: section["prefixes"]?.list().distinct { $0.text() } ?? [])
        }
        return NotesRules(introduction: section["introduction"]?.template(), groups: groups ?? [])
    }

    func announcementRules() -> AnnouncementRules? {
        guard let section = section(.announcement) else { return nil }
        let to = section["to"]?.text("a mail address", like: "etcd-dev@googlegroups.com") { text in
            text.utf8.allSatisfy { (0x21...0x7e).contains($0) } && text.split(separator: "@").count == 2
        }
        let (subject, text) = (
            section["subject"]?.lineTemplate(), section["text"]?.template([.notes, .authors, .page])
        )
        guard let to, let subject, let text else { return nil }
        return AnnouncementRules(to: to, subject: subject, text: text)
    }

    func followUp() -> FollowUp? {
        guard let section = section(.afterwards), let title = section["title"]?.text(),
            let command = section["command"]?.template()
        else { return nil }
        return FollowUp(
            title: title, command: command, releases: section["releases"]?.word("kind of release") ?? .all,
            isForStable: section["stable"]?.boolean() ?? false, versions: section["versions"]?.versionRange())
    }

    func signingRules() -> SigningRules? {
        guard let section = section(.signing) else { return nil }
        return SigningRules(
            assetKeys: section["asset-keys"]?.list().distinct { $0.nearbyPath() } ?? [],
            tagKeys: section["tag-keys"]?.list().distinct { $0.nearbyPath() } ?? [],
            tagSigners: section["tag-signers"]?.nearbyPath())
    }
}
