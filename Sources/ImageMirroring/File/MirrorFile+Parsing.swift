package import ConfigurationFile
import OCIContent
import OCIModel

extension MirrorFile {
    /// Reads a mirror file, whose format `manifests/mirror/mirror.schema.json` describes.
    ///
    /// - Throws: `FileProblems` with all problems together; a syntax error or a repeated key hides the others.
    package init(parsing bytes: [UInt8], file: String) throws(FileProblems) {
        let findings = Findings()
        var destinations: [MirrorDestination] = []
        var images: [MirroredImage] = []
        var registries: [RegistryHost: RegistryRules] = [:]
        if let node = YAMLNode.read(bytes, findings) {
            let root = Field(name: "", node: node, findings: findings)
            if root.hasKnownSchema(), let section = root.section(.file) {
                destinations = section["destinations"]?.list().distinct { $0.destination() } ?? []
                for (key, rules) in section["registries"]?.entries() ?? [] {
                    if let host = key.registryHost() { registries[host] = rules.registryRules() }
                }
                images = section["images"]?.list().compactMap { $0.mirroredImage(for: destinations) } ?? []
            }
        }
        guard findings.count == 0 else { throw findings.problems(of: file) }
        self.init(
            destinations: destinations, images: images, registries: registries,
            text: String(decoding: bytes, as: UTF8.self))
    }
}

extension Field {
    fileprivate func mirroredImage(for destinations: [MirrorDestination]) -> MirroredImage? {
        guard let section = section(.image), let source = section["from"]?.repository(),
            let tags = section["tags"]?.tagSelection()
        else { return nil }
        let path = section["to"].map { $0.repositoryPath() } ?? source.repository
        guard let path else { return nil }
        let targets = destinations.compactMap { destination -> ImageReference? in
            do throws(OCIModelError) { return try destination.repository(path) } catch {
                report("the repository at \(destination): \(error.message)", hint: error.hint)
                return nil
            }
        }
        if targets.contains(where: { $0.place == source.place }) {
            report("\(source.place) would be copied onto itself", hint: "choose another destination, or give it a 'to'")
        }
        var image = MirroredImage(source: source, targets: targets, tags: tags)
        image.platforms = section["platforms"]?.list().distinct { $0.platformChoice() } ?? []
        image.referrers = section["referrers"]?.word("kind of referrers") ?? .copy
        image.required = Set(section["require"]?.list().distinct { $0.word("evidence") } ?? [])
        image.signatureOrigin = section["signatures-from"]?.repository()
        image.policy = section["policy"]?.word("tag policy") ?? .move
        image.quarantine = section["quarantine"]?.list().compactMap { $0.quarantine() } ?? []
        image.prune = section["prune"]?.pruneRules()
        if image.referrers == .none, let field = section["require"] ?? section["signatures-from"] {
            field.report("'referrers: none' copies none, so none can be required", hint: "remove one of the two")
        }
        return image
    }

    private func tagSelection() -> TagSelection? {
        guard let section = section(.tags) else { return nil }
        var selection = TagSelection()
        selection.named = section["list"]?.list().distinct { $0.tag() } ?? []
        selection.globs = section["glob"]?.list().distinct { $0.pattern(isGlob: true) } ?? []
        selection.expressions = section["regex"]?.list().distinct { $0.pattern(isGlob: false) } ?? []
        selection.versions = section["versions"]?.versionRange()
        selection.withPrereleases = section["prereleases"]?.boolean() ?? false
        selection.newest = section["newest"]?.integer(in: 1...100_000)
        selection.excluded = section["exclude"]?.list().distinct { $0.pattern(isGlob: true) } ?? []
        selection.minimum = section["minimum"]?.integer(in: 1...1_000_000) ?? 1
        if ["list", "glob", "regex", "versions", "newest"].allSatisfy({ section[$0] == nil }) {
            report(
                "'\(name)' selects nothing",
                hint: "give it list, glob, regex, versions or newest; all tags: glob: ['*']")
        }
        if !selection.needsListing, section["list"] != nil {
            if let field = section["exclude"] {
                field.report("'exclude' has nothing to exclude from", hint: "remove the tag from 'list'")
            }
            if selection.minimum > selection.named.count, let field = section["minimum"] {
                field.report("the list has only \(selection.named.count) tags", hint: "lower 'minimum'")
            }
        }
        return selection
    }

    private func quarantine() -> Quarantine? {
        guard let section = section(.quarantine), let tag = section["tag"]?.tag(), let until = section["until"]?.date(),
            let reason = section["reason"]?.text()
        else { return nil }
        return Quarantine(tag: tag, until: until, reason: reason)
    }

    private func pruneRules() -> PruneRules? {
        guard let section = section(.prune) else { return nil }
        return PruneRules(
            atMost: section["at-most"]?.integer(in: 1...1_000_000) ?? 10,
            kept: section["keep"]?.list().distinct { $0.pattern(isGlob: true) } ?? [])
    }
}

extension Field {
    fileprivate func registryRules() -> RegistryRules? {
        guard let section = section(.registry) else { return nil }
        var rules = RegistryRules()
        rules.requestsPerSecond = section["requests-per-second"]?.integer(in: 1...100_000)
        rules.referrersPerMinute = section["referrers-per-minute"]?.integer(in: 1...1_000_000)
        rules.bandwidth = section["bandwidth"]?.bandwidth()
        rules.attempts = section["attempts"]?.integer(in: 1...100)
        rules.windows = section["windows"]?.list().compactMap { $0.window() } ?? []
        if let pulls = section["pulls"]?.section(.pulls), let count = pulls["count"]?.integer(in: 1...100_000_000),
            let time = pulls["per"]?.duration()
        {
            rules.quota = .init(pulls: count, nanoseconds: time)
        }
        return rules
    }

    private func window() -> RegistryRules.Window? {
        guard let section = section(.window), let begin = section["from"]?.timeOfDay(),
            let end = section["to"]?.timeOfDay()
        else { return nil }
        return .init(
            begin: begin, end: end, requestsPerSecond: section["requests-per-second"]?.integer(in: 1...100_000),
            bandwidth: section["bandwidth"]?.bandwidth())
    }
}
