import ConfigurationFile

/// The mappings of a mirror file whose keys are fixed. `manifests/mirror/mirror.schema.json` lists the same keys, which
/// a test checks.
enum MirrorSection: String, CaseIterable {
    case file, image, tags, quarantine, prune, registry, pulls, window

    var keys: Keys {
        switch self {
        case .file: Keys(required: ["schema", "destinations", "images"], optional: ["registries"])
        case .image:
            Keys(
                required: ["from", "tags"],
                optional: [
                    "to", "platforms", "referrers", "require", "signatures-from", "policy", "quarantine", "prune",
                ])
        case .tags:
            Keys(optional: [
                "list", "glob", "regex", "versions", "prereleases", "newest", "exclude", "minimum",
            ])
        case .quarantine: Keys(required: ["tag", "until", "reason"])
        case .prune: Keys(optional: ["at-most", "keep"])
        case .registry:
            Keys(optional: [
                "requests-per-second", "referrers-per-minute", "bandwidth", "pulls", "attempts", "windows",
            ])
        case .pulls: Keys(required: ["count", "per"])
        case .window: Keys(required: ["from", "to"], optional: ["requests-per-second", "bandwidth"])
        }
    }
}

extension Field {
    func section(_ section: MirrorSection) -> Section? { self.section(section.keys) }
}
