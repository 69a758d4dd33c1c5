import ConfigurationFile
import OCIModel

/// The parts of a definition that a user changes for one build, as with the Makefile of the Kubernetes etcd image.
package struct DefinitionOverrides: Hashable, Sendable {
    /// The versions in ascending order, separated by spaces or commas.
    package var bundledVersions: String?
    /// The newest bundled version, stated as a check: a tag that named another version has been published once.
    package var latest: String?
    package var revision: Int?
    package init(bundledVersions: String? = nil, latest: String? = nil, revision: Int? = nil) {
        self.bundledVersions = bundledVersions
        self.latest = latest
        self.revision = revision
    }
}

extension Definition {
    /// Returns this definition with a user's changes.
    ///
    /// A version that the definition does not list takes the settings, without the sums, of the newest listed version
    /// before it, or of the oldest if there is none.
    ///
    /// - Throws: `DefinitionErrors` that name the option.
    package func overridden(by overrides: DefinitionOverrides) throws(DefinitionErrors) -> Definition {
        var definition = self
        if let revision = overrides.revision { definition.revision = revision }
        if let text = overrides.bundledVersions {
            definition.bundle?.versions = try versions(text)
            definition.dropIdlePrograms()
        }
        if overrides.bundledVersions != nil || overrides.latest != nil, bundle == nil {
            throw Self.refused(
                overrides.bundledVersions == nil ? "--latest" : "--bundled-versions",
                "the image \(name) has no bundled versions")
        }
        if let latest = overrides.latest, let newest = definition.bundle?.latest, latest != newest {
            throw Self.refused(
                "--latest", "'\(latest)' is not the newest bundled version, which is \(newest)",
                "the tag begins with the newest version; change --bundled-versions, or omit this option")
        }
        return definition
    }

    private func versions(_ text: String) throws(DefinitionErrors) -> [BundledVersion] {
        let option = "--bundled-versions"
        let listed = bundle?.versions ?? []
        var versions: [BundledVersion] = []
        for word in text.split(whereSeparator: { " ,\t\n".contains($0) }).map(String.init) {
            guard VersionNumber(word)?.isRelease(minimumParts: 2) == true else {
                throw Self.refused(option, "'\(word)' is not a version", "a version looks like 3.5.16")
            }
            if let last = versions.last?.version, !VersionNumber.isAscending(last, word) {
                throw Self.refused(
                    option, "the version \(word) comes after \(last)", "list the versions in ascending order, each once"
                )
            }
            var version = listed.first { $0.version == word }
            if version == nil,
                var nearest = listed.last(where: { VersionNumber.isAscending($0.version, word) }) ?? listed.first
            {
                (nearest.version, nearest.sha256) = (word, [:])
                version = nearest
            }
            if let version { versions.append(version) }
        }
        guard !versions.isEmpty else { throw Self.refused(option, "no version is given") }
        return versions
    }

    /// Removes the programs that none of the bundled versions has.
    private mutating func dropIdlePrograms() {
        guard let bundle else { return }
        self.bundle?.programs.removeAll { program in
            !bundle.versions.contains { bundle.programs(of: $0).contains(program) }
        }
    }

    private static func refused(_ option: String, _ message: String, _ hint: String? = nil) -> DefinitionErrors {
        DefinitionErrors(.invalidDefinition, file: option, diagnostics: [Diagnostic(at: nil, message, hint: hint)])
    }
}
