import DebianFormat
import ImageDefinition
import OCIModel

extension ProofCheck {
    /// Checks that, for each platform, a Release's index was taken or is recorded as missing: neither can be concealed.
    mutating func compareIndexes() {
        for platform in lock.platforms.keys.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
            guard let architecture = (try? Platform(platform))?.debianArchitecture else { continue }
            let path = SignedRelease.indexPath(for: architecture)
            for release in lock.releases
            where !release.indexes.contains(where: { $0.path == path })
                && release.missingIndexes?.contains(path) != true
            {
                problems.append(
                    "the lock records \(path) of \(release.suite) neither as used nor as missing")
            }
        }
    }

    /// Checks that each locked package is, field by field, what a kept stanza states. Any architecture's index proves
    /// an `all` package, which is the same in each.
    mutating func comparePackages() {
        for (platform, package) in packages {
            let what = "\(package.name) \(package.version) of \(platform)"
            guard let architecture = (try? Platform(platform))?.debianArchitecture,
                package.architecture == "all"
                    || package.architecture == architecture && package.index.contains("/binary-\(architecture)/")
            else {
                problems.append(
                    "\(what) is locked for another architecture: \(package.architecture) from \(package.index)")
                continue
            }
            guard let index = stanzas[package.source] else {
                problems.append("\(what) has no proof: \(package.index) of \(package.suite) is not proven")
                continue
            }
            let isProven = index.stanzas(of: package.name).contains { stanza in
                guard let stated = try? DebianPackage(stanza) else { return false }
                return Lock.Package(Candidate(package: stated, source: package.source)) == package
            }
            if !isProven { problems.append("\(what) does not match its stanza (version, path, size and digest)") }
        }
    }

    var packages: [(platform: String, package: Lock.Package)] {
        func named(_ lists: [String: [Lock.Package]]?, _ platform: String) -> [(String, Lock.Package)] {
            (lists ?? [:]).sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.flatMap(\.value)
                .map { (platform, $0) }
        }
        let inputs = lock.platforms.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
            .flatMap { platform, inputs in
                inputs.base.map { (platform, $0) } + named(inputs.bundle, platform) + named(inputs.sources, platform)
            }
        let hosts = (lock.toolchains ?? [:]).sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        return inputs + hosts.flatMap { host, packages in packages.map { (host, $0) } }
    }
}

extension Lock.Package {
    /// The place of the stanza.
    var source: IndexSource { IndexSource(archive: archive, suite: suite, path: index) }
}
