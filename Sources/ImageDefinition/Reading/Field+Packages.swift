import ConfigurationFile
import OCIModel

extension Field {
    /// Reads the Debian requirement. The suites of `bundle` and `moreSuites` may also be among those whose expiry or
    /// missing index is accepted.
    func debianRequirement(
        with bundle: Definition.Bundle?, on platforms: [Platform], moreSuites: [String]
    ) -> Definition.DebianRequirement? {
        guard let section = section(.debian) else { return nil }
        var named: Set<String> = []
        let packages =
            section["packages"]?.list().compactMap { field -> Definition.PackageRequirement? in
                guard let package = field.packageRequirement() else { return nil }
                guard named.insert(package.name).inserted else {
                    field.report("the package '\(package.name)' is listed twice", hint: "keep one of the entries")
                    return nil
                }
                return package
            } ?? []
        var requirement = Definition.DebianRequirement(
            suites: section["suites"]?.suites() ?? [], packages: packages,
            maintainerScripts: section["maintainer-scripts"]?.localPath() ?? "")
        let used = requirement.suites(with: bundle) + moreSuites
        requirement.acceptExpired = section["accept-expired"]?.acceptedExpiry(among: used) ?? []
        requirement.acceptMissing = section["accept-missing"]?.acceptedMissing(among: used, on: platforms) ?? []
        requirement.exclude = section["exclude"].flatMap { $0.isEmptyList ? nil : $0.patterns() } ?? []
        return requirement
    }

    /// Reads a package's name alone, or a mapping with its name.
    func packageRequirement() -> Definition.PackageRequirement? {
        if case .scalar = node.value { return packageName().map { Definition.PackageRequirement(name: $0) } }
        guard let section = section(.package) else { return nil }
        let suites = section["suites"]?.suites()
        let dependencies = section["dependencies"]?.boolean() ?? true
        return section["name"]?.packageName().map {
            Definition.PackageRequirement(name: $0, suites: suites, withDependencies: dependencies)
        }
    }

    /// Reads a package name, which has at least two characters in lower case (Debian policy, 5.6.1).
    func packageName() -> String? {
        text("a Debian package name", like: "libc6") { text in
            (2...128).contains(text.utf8.count) && text.utf8.first.map(isLowerAlphanumeric) ?? false
                && text.utf8.allSatisfy { isLowerAlphanumeric($0) || "+-.".utf8.contains($0) }
        }
    }

    func suites() -> [String] {
        list().distinct { $0.text("a suite", like: "trixie or trixie-security") { isSuite($0) } }
    }

    /// Reads the suites whose expiry is accepted. A suite that the image does not use is refused, since a misspelt one
    /// would accept nothing.
    private func acceptedExpiry(among used: [String]) -> [String] {
        guard !isEmptyList else { return [] }
        for field in list() {
            guard case .scalar(let suite, _) = field.node.value, !used.contains(suite) else { continue }
            field.report("the suite '\(suite)' is not used by this image", hint: Spelling.hint(for: suite, among: used))
        }
        return suites()
    }

    /// Reads the indexes that may be missing. Suites and architectures that the image does not use are refused, as with
    /// expiry.
    private func acceptedMissing(among used: [String], on platforms: [Platform]) -> [Definition.MissingIndex] {
        guard !isEmptyList else { return [] }
        let architectures = platforms.map(\.architecture)
        return list().distinct { field in
            let text = field.text("a suite and an architecture", like: "trixie-security/ppc64le") { text in
                let parts = text.split(separator: "/", omittingEmptySubsequences: false)
                return parts.count == 2 && parts.allSatisfy { isSuite($0) }
            }
            guard let parts = text?.split(separator: "/").map(String.init), parts.count == 2 else { return nil }
            if !used.contains(parts[0]) {
                field.report(
                    "the suite '\(parts[0])' is not used by this image", hint: Spelling.hint(for: parts[0], among: used)
                )
            }
            // Without platforms there is another error to correct first.
            if !architectures.isEmpty, !architectures.contains(parts[1]) {
                field.report(
                    "the architecture '\(parts[1])' is not one of this image's platforms",
                    hint: Spelling.hint(for: parts[1], among: architectures))
            }
            return Definition.MissingIndex(suite: parts[0], architecture: parts[1])
        }
    }

    private var isEmptyList: Bool {
        if case .sequence(let nodes) = node.value { nodes.isEmpty } else { false }
    }
}

extension Definition.DebianRequirement {
    /// Returns every suite that packages may come from, each once: the base's, then those of single packages and of the
    /// bundle.
    fileprivate func suites(with bundle: Definition.Bundle?) -> [String] {
        let all = suites + packages.flatMap { $0.suites ?? [] } + (bundle?.versions ?? []).flatMap(\.suites)
        var seen: Set<String> = []
        return all.filter { seen.insert($0).inserted }
    }
}

private func isSuite(_ text: some StringProtocol) -> Bool {
    text.utf8.count <= 64 && text.utf8.first.map(isLowerAlphanumeric) ?? false
        && text.utf8.allSatisfy { isLowerAlphanumeric($0) || "-.".utf8.contains($0) }
}
