import ConfigurationFile

/// The mappings of `image.yaml` whose keys are fixed. `images/image.schema.json` lists the same keys, which a test
/// checks.
enum DefinitionSection: String, CaseIterable {
    case image, debian, package, base, windows, bundle, program, version, user, group, directory, file, link, config
    case healthcheck, archive, go
    case goToolchain = "go-toolchain"

    var keys: Keys {
        switch self {
        case .image:
            Keys(
                required: ["schema", "name", "platforms"],
                optional: [
                    "revision", "debian", "base", "windows", "bundle", "users", "groups", "directories", "files",
                    "links", "config", "labels", "annotations", "compression", "platform-specific", "go-toolchain",
                    "include", "variants", "test",
                ])
        case .debian:
            Keys(
                required: ["suites", "maintainer-scripts", "packages"],
                optional: ["accept-expired", "accept-missing", "exclude"])
        case .package: Keys(required: ["name"], optional: ["suites", "dependencies"])
        case .base: Keys(required: ["image", "digest"])
        case .windows: Keys(required: ["base"])
        case .bundle: Keys(required: ["directory", "mode", "programs", "versions"], optional: ["archives", "go"])
        case .program: Keys(optional: ["package", "file", "member", "go", "since"])
        case .version: Keys(required: ["version"], optional: ["suites", "sha256"])
        case .user: Keys(required: ["name", "id", "group"], optional: ["home", "shell"])
        case .group: Keys(required: ["name", "id"])
        case .directory: Keys(required: ["path"], optional: ["mode", "owner", "system"])
        case .file:
            Keys(
                required: ["path"],
                optional: ["source", "text", "archive", "member", "go", "mode", "owner", "system"])
        case .link: Keys(required: ["path", "target"], optional: ["system"])
        case .config:
            Keys(optional: [
                "user", "ports", "environment", "entrypoint", "command", "volumes", "working-directory", "stop-signal",
                "healthcheck",
            ])
        case .archive: Keys(required: ["urls"], optional: ["platforms", "sums", "sha256"])
        case .go: Keys(optional: ["platforms", "source", "packages", "archive", "folder", "module", "package"])
        case .goToolchain: Keys(optional: ["package", "suites", "archive"])
        case .healthcheck:
            Keys(required: ["test"], optional: ["interval", "timeout", "start-period", "start-interval", "retries"])
        }
    }
}

extension Field {
    func section(_ section: DefinitionSection) -> Section? { self.section(section.keys) }
}
