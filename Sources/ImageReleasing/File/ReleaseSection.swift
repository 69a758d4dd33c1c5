import ConfigurationFile

/// The mappings of a release file whose keys are fixed. `manifests/release/release.schema.json` lists the same keys,
/// which a test checks.
enum ReleaseSection: String, CaseIterable {
    case file, source, mention, moduleTag = "module-tag", go, program, platform, archives, extra
    case sourceArchives = "source-archives"
    case image, tag, gates, document, statement, download, limits, notes, group, announcement
    case afterwards, signing

    var keys: Keys {
        switch self {
        case .file:
            Keys(
                required: ["schema", "name", "source", "go", "programs", "platforms", "archives"],
                optional: [
                    "versions", "source-archives", "images", "gates", "downloads", "limits", "notes", "announcement",
                    "afterwards", "signing",
                ])
        case .source:
            Keys(required: ["branch", "version"], optional: ["path", "address", "module-tags"])
        case .mention: Keys(required: ["file", "text"], optional: ["versions"])
        case .moduleTag: Keys(required: ["tag"], optional: ["versions"])
        case .go: Keys(optional: ["version", "file", "versions"])
        case .program:
            Keys(
                required: ["name"],
                optional: ["module", "package", "tags", "linker-flags", "report", "report-environment", "versions"])
        case .platform: Keys(required: ["platform"], optional: ["versions"])
        case .archives: Keys(required: ["name", "forms"], optional: ["extras", "sbom"])
        case .extra: Keys(required: ["from"], optional: ["to", "versions"])
        case .sourceArchives: Keys(required: ["name", "forms"])
        case .image:
            Keys(
                required: ["name", "definition", "programs", "platforms", "repositories", "tags"],
                optional: ["latest", "promotion", "versions"])
        case .tag: Keys(required: ["tag"], optional: ["platforms", "versions"])
        case .gates: Keys(optional: ["merges", "documents", "statements"])
        case .document: Keys(required: ["name", "file"], optional: ["text", "releases", "versions"])
        case .statement: Keys(required: ["name", "text"], optional: ["releases", "versions"])
        case .download: Keys(optional: ["github", "api", "folder", "address"])
        case .limits: Keys(optional: ["archive", "growth"])
        case .notes: Keys(optional: ["introduction", "groups"])
        case .group: Keys(required: ["title", "prefixes"])
        case .announcement: Keys(required: ["to", "subject", "text"])
        case .afterwards: Keys(required: ["title", "command"], optional: ["releases", "stable", "versions"])
        case .signing: Keys(optional: ["asset-keys", "tag-keys", "tag-signers"])
        }
    }
}

extension Field {
    func section(_ section: ReleaseSection) -> Section? { self.section(section.keys) }
}
