import ConfigurationFile
import OCIModel

extension Field {
    func bundle() -> Definition.Bundle? {
        guard let section = section(.bundle) else { return nil }
        let versions = section["versions"]?.bundledVersions() ?? []
        let programs = section["programs"]?.programs(in: versions) ?? []
        guard let directory = section["directory"]?.path(), let mode = section["mode"]?.mode() else { return nil }
        var bundle = Definition.Bundle(versions: versions, programs: programs, directory: directory, mode: mode)
        bundle.archives =
            section["archives"]?.list().compactMap { $0.archive(known: [.version, .os, .arch, .exe]) } ?? []
        bundle.go = section["go"]?.goBuild()
        return bundle
    }

    private func bundledVersions() -> [Definition.BundledVersion] {
        var last: String?
        return list().compactMap { field in
            guard let section = field.section(.version) else { return nil }
            let suites = section["suites"]?.suites() ?? []
            guard let place = section["version"], let version = place.version(minimumParts: 2) else { return nil }
            if let last, !VersionNumber.isAscending(last, version) {
                let repeated = !VersionNumber.isAscending(version, last)
                place.report(
                    repeated ? "the version \(version) is listed twice" : "the version \(version) comes after \(last)",
                    hint: repeated ? "keep one of the entries" : "list the versions in ascending order, the newest last"
                )
            }
            last = version
            return Definition.BundledVersion(
                version: version, suites: suites, sha256: section["sha256"]?.sums() ?? [:])
        }
    }

    private func programs(in versions: [Definition.BundledVersion]) -> [Definition.Program] {
        let programs = entries().compactMap { key, value -> Definition.Program? in
            let name = key.text("a program's name", like: "etcdctl") { text in
                text.utf8.count <= 128 && text.utf8.first.map(isAlphanumeric) ?? false
                    && text.utf8.allSatisfy { isAlphanumeric($0) || "._-".utf8.contains($0) }
            }
            guard let section = value.section(.program) else { return nil }
            let program = Definition.Program(
                name: name ?? "", package: section["package"]?.packageName(), file: section["file"]?.path(),
                member: section["member"]?.member(known: [.version, .os, .arch, .exe]),
                goPackages: section["go"]?.goPackages() ?? [], since: section["since"]?.since(in: versions))
            return name == nil ? nil : program
        }
        if case .mapping(let pairs) = node.value, pairs.isEmpty { report("'\(name)' is empty") }
        return programs
    }

    private func since(in versions: [Definition.BundledVersion]) -> String? {
        guard let since = version(minimumParts: 1) else { return nil }
        if let latest = versions.last?.version, VersionNumber.isAscending(latest, since) {
            report(
                "no bundled version has this program: \(since) is newer than \(latest)",
                hint: "'since' is the first version that has the program")
        }
        return since
    }

    /// Reads numbers separated by points, as text: 3.10 is newer than 3.9.
    func version(minimumParts: Int) -> String? {
        text("a version", like: "3.5.16") {
            VersionNumber($0)?.isRelease(minimumParts: minimumParts) ?? false
        }
    }
}

extension Definition.Bundle {
    /// Returns the programs that a bundled version has, in the user's order: those whose `since` is not newer.
    package func programs(of version: Definition.BundledVersion) -> [Definition.Program] {
        programs.filter { $0.since.map { !VersionNumber.isAscending(version.version, $0) } ?? true }
    }
}
