package import ConfigurationFile
import OCIModel

extension ReleaseFile {
    /// Reads a release file, whose format `manifests/release/release.schema.json` describes.
    ///
    /// - Throws: `FileProblems` with all problems together; a syntax error or a repeated key hides the others.
    package init(parsing bytes: [UInt8], file: String) throws(FileProblems) {
        let findings = Findings()
        var read: ReleaseFile?
        if let node = YAMLNode.read(bytes, findings) {
            let root = Field(name: "", node: node, findings: findings)
            if root.hasKnownSchema() { read = root.releaseFile(String(decoding: bytes, as: UTF8.self)) }
        }
        guard findings.count == 0, let read else { throw findings.problems(of: file) }
        self = read
    }
}

extension Field {
    fileprivate func releaseFile(_ text: String) -> ReleaseFile? {
        guard let section = section(.file) else { return nil }
        // Every section is read, whatever is wrong with the others, so that all problems are told together.
        let name = section["name"]?.text("a program's name", like: "etcd", where: PortableName.isValid)
        let versions = section["versions"]?.versionRange()
        let source = section["source"]?.releaseSource()
        let go = section["go"]?.list().compactMap { $0.goPin() } ?? []
        let programs = section["programs"]?.list().compactMap { $0.program() } ?? []
        let platforms = section["platforms"]?.list().distinct { $0.platform() } ?? []
        let archives = section["archives"]?.archiveRules()
        for system in Set(platforms.map(\.os)).sorted() where archives != nil && archives?.forms[system] == nil {
            section["archives"]?.report(
                "'archives.forms' has no form for \(system)", hint: "add \(system): tar.gz, or \(system): zip")
        }
        let sources = section["source-archives"]?.sourceArchiveRules()
        let images = section["images"]?.list().compactMap { $0.image(programs, platforms) } ?? []
        let gates = section["gates"]?.gateRules()
        let downloads = section["downloads"]?.list().distinct { $0.downloadPlace() } ?? []
        let (limits, notes) = (section["limits"]?.sizeLimits(), section["notes"]?.notesRules())
        let announcement = section["announcement"]?.announcementRules()
        let afterwards = section["afterwards"]?.list().compactMap { $0.followUp() } ?? []
        let signing = section["signing"]?.signingRules()
        guard let name, let source, let archives else { return nil }
        return ReleaseFile(
            name: name, versions: versions, source: source, go: go, programs: programs, platforms: platforms,
            archives: archives, sourceArchives: sources, images: images,
            gates: gates ?? GateRules(acceptsMerges: true, documents: [], statements: []), downloads: downloads,
            limits: limits ?? SizeLimits(), notes: notes ?? NotesRules(groups: []), announcement: announcement,
            afterwards: afterwards, signing: signing ?? SigningRules(assetKeys: [], tagKeys: []), text: text)
    }

    private func releaseSource() -> ReleaseSource? {
        guard let section = section(.source) else { return nil }
        let mentions = section["version"]?.list().compactMap { $0.mention() } ?? []
        let tags = section["module-tags"]?.list().compactMap { $0.moduleTag() } ?? []
        let address = section["address"]?.text("an https address", like: "https://github.com/etcd-io/etcd") { text in
            text.hasPrefix("https://") && !text.hasSuffix("/") && !text.contains { $0.isWhitespace }
        }
        let path = section["path"]?.nearbyPath()
        guard let branch = section["branch"]?.template() else { return nil }
        return ReleaseSource(path: path, address: address, branch: branch, mentions: mentions, moduleTags: tags)
    }

    private func mention() -> ReleaseSource.Mention? {
        guard let section = section(.mention), let file = section["file"]?.sourceTemplate(),
            let text = section["text"]?.mentioningTemplate()
        else { return nil }
        return .init(file: file, text: text, versions: section["versions"]?.versionRange())
    }

    private func moduleTag() -> ReleaseSource.ModuleTag? {
        guard case .mapping = node.value else { return template().map { .init(tag: $0) } }
        guard let section = section(.moduleTag), let tag = section["tag"]?.template() else { return nil }
        return .init(tag: tag, versions: section["versions"]?.versionRange())
    }

    private func goPin() -> GoPin? {
        guard let section = section(.go) else { return nil }
        let version = section["version"]?.text("a version of Go", like: "1.24.11") { VersionNumber($0) != nil }
        let file = section["file"]?.sourcePath()
        let range = section["versions"]?.versionRange()
        switch (version, file) {
        case (let version?, nil): return GoPin(origin: .version(version), versions: range)
        case (nil, let file?): return GoPin(origin: .file(file), versions: range)
        default:
            report("'\(name)' needs a 'version' or a 'file' of the source that contains it, and not both")
            return nil
        }
    }

    private func program() -> ReleasedProgram? {
        guard let section = section(.program),
            let name = section["name"]?.text("a program's name", like: "etcdctl", where: PortableName.isValid)
        else { return nil }
        return ReleasedProgram(
            name: name, module: section["module"]?.sourcePath() ?? "",
            package: section["package"]?.text("a package of the module", like: "./cmd/tool") {
                $0 == "." || $0.hasPrefix("./") && !$0.contains("..")
            } ?? ".",
            tags: section["tags"]?.list().compactMap { $0.text() } ?? [],
            linkerFlags: section["linker-flags"]?.list().compactMap { $0.template() } ?? [],
            report: section["report"]?.list().compactMap { $0.text() },
            reportEnvironment: section["report-environment"]?.list().compactMap { $0.template([.os, .arch]) } ?? [],
            versions: section["versions"]?.versionRange())
    }
}
