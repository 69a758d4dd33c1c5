import DebianFormat
import ImageDefinition
import OCIModel

/// The findings of resolution so far, platform by platform; pins once all are there and nothing is missing.
struct ResolutionOutcome {
    let releases: [SignedRelease]
    private var platforms: [Platform: DebianPins.Packages] = [:]
    private var toolchains: [String: [Lock.Package]] = [:]
    private var indexes: [String: [Lock.ListedFile]] = [:]
    private var missing: Set<IndexSource> = []
    private var stanzas: [IndexSource: [DebianPackage]] = [:]
    /// The problems in the order found, each with the architectures that have it.
    private var problems: [(text: String, architectures: [String])] = []

    init(releases: [SignedRelease]) { self.releases = releases }

    mutating func add(_ definition: Definition, _ platform: Platform, _ suiteIndexes: SuiteIndexes) throws {
        let suites = definition.debian?.suites ?? []
        // Debian has packages for Linux only.
        let base = platform.os == "linux" ? try resolve(definition.baseWishes, suites, suiteIndexes) : []
        var bundle: [String: [Lock.Package]] = [:]
        var sources: [String: [Lock.Package]] = [:]
        for version in definition.bundle?.versions ?? [] {
            bundle[version.version] = []
            switch definition.bundle?.origin(of: version, on: platform) {
            case .packages:
                bundle[version.version] = try resolve(definition.wishes(for: version), version.suites, suiteIndexes)
            case .go(let build):
                let wishes = build.source.wishes(for: version)
                if wishes.isEmpty { break }
                sources[version.version] = try resolve(wishes, version.suites, suiteIndexes, keeping: \.isGoSource)
            case .archive, nil: break
            }
        }
        try addToolchain(definition, platform.architecture, suiteIndexes)
        platforms[platform] = DebianPins.Packages(base: base, bundle: bundle, sources: sources)
        missing.formUnion(suiteIndexes.missing)
        try list(suiteIndexes.architecture, of: releases)
    }

    /// Records the indexes of an architecture whose platforms are pinned already, so that none can be concealed.
    mutating func addPinned(_ platform: Platform) throws { try list(platform.debianArchitecture, of: releases) }

    private mutating func list(_ architecture: String, of releases: [SignedRelease]) throws {
        for release in releases {
            let index = try release.index(for: architecture)
            guard !missing.contains(IndexSource(index, of: release)) else { continue }
            // Platforms of the same architecture, for Linux and Windows, share its index.
            guard !(indexes[release.suite]?.contains(index) ?? false) else { continue }
            indexes[release.suite, default: []].append(index)
        }
    }

    /// Adds Debian's toolchain for machines of an architecture that the image does not have.
    mutating func addHost(_ definition: Definition, _ architecture: String, _ indexes: SuiteIndexes) throws {
        try addToolchain(definition, architecture, indexes)
        guard case .packages(_, let suites) = definition.goToolchain else { return }
        try list(indexes.architecture, of: releases.filter { suites.contains($0.suite) })
    }

    /// Adds Debian's toolchain for machines of this platform's architecture: only its files, which need no C library.
    private mutating func addToolchain(
        _ definition: Definition, _ architecture: String, _ indexes: SuiteIndexes
    ) throws {
        guard case .packages(let name, let suites) = definition.goToolchain else { return }
        let wishes = ["-go", "-src"].map {
            PackageWish(name: name + $0, suites: suites, withDependencies: false)
        }
        toolchains[Platform(os: "linux", architecture: architecture).description] =
            try resolve(wishes, suites, indexes)
    }

    private mutating func resolve(
        _ wishes: [PackageWish], _ suites: [String], _ indexes: SuiteIndexes,
        keeping isKept: (DebianPackage) -> Bool = { _ in true }
    ) throws -> [Lock.Package] {
        let (packages, found) = try PackageResolver.resolve(wishes, suites: suites, from: indexes)
        let kept = packages.filter { isKept($0.package) }
        for chosen in kept {
            var package = chosen.package
            // A copy, because a slice would keep the whole index in memory.
            package.stanza = Stanza(Array(package.stanza.bytes)[...])
            stanzas[chosen.source, default: []].append(package)
        }
        for problem in found {
            if let known = problems.firstIndex(where: { $0.text == problem.text }) {
                problems[known].architectures.append(indexes.architecture)
            } else {
                problems.append((problem.text, [indexes.architecture]))
            }
        }
        return kept.map { Lock.Package($0) }
    }

    /// - Throws: `ImageInputsError(.unsatisfiable)` with all problems of all architectures.
    func finish(_ name: String) throws -> DebianPins {
        guard problems.isEmpty else {
            let lines = problems.map { "\n  \($0.text) [\($0.architectures.joined(separator: ", "))]" }
            let count = problems.count == 1 ? "1 problem" : "\(problems.count) problems"
            let absent = missing.map { "\n  without \($0.path) of \($0.suite), which no mirror has as it is signed" }
            throw ImageInputsError(
                .unsatisfiable,
                "cannot choose the packages of \(name): \(count)\(lines.joined())"
                    + absent.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.joined(),
                hint: "correct the names, versions or suites in the definition")
        }
        var locked = releases.map { release in
            let absent = missing.filter { $0.suite == release.suite }.map(\.path)
            var listed = indexes[release.suite] ?? []
            // A substitute may be the index of a platform that is not pinned.
            for source in stanzas.keys where source.suite == release.suite {
                guard !listed.contains(where: { $0.path == source.path }), let file = release.file.files[source.path]
                else { continue }
                listed.append(Lock.ListedFile(path: source.path, size: file.size, sha256: file.sha256))
            }
            return release.locked(indexes: listed, missing: absent)
        }
        locked.sort { a, b in "\(a.archive) \(a.suite)".utf8.lexicographicallyPrecedes("\(b.archive) \(b.suite)".utf8) }
        var proof: [String: [UInt8]] = [:]
        for release in releases {
            proof[LockProof.releasePath(archive: release.archive, suite: release.suite)] = release.bytes
        }
        for (source, packages) in stanzas {
            let path = LockProof.stanzasPath(archive: source.archive, suite: source.suite, index: source.path)
            proof[path] = LockProof.stanzasFile(packages)
        }
        return DebianPins(releases: locked, platforms: platforms, toolchains: toolchains, proof: proof)
    }
}

extension Definition {
    var baseWishes: [PackageWish] {
        (debian?.packages ?? []).map { package in
            PackageWish(
                name: package.name, suites: package.suites ?? debian?.suites ?? [],
                withDependencies: package.withDependencies)
        }
    }

    /// Returns the packages that contain a bundled version's programs: only their files, since the base has what they
    /// need.
    func wishes(for bundled: BundledVersion) throws(ImageInputsError) -> [PackageWish] {
        func isLater(_ version: String) throws(ImageInputsError) -> Bool {
            try ImageInputsError.mapping { () throws(DebianFormatError) in
                try DebianVersion(version) > DebianVersion(bundled.version)
            }
        }
        var wishes: [PackageWish] = []
        for program in bundle?.programs ?? [] {
            if let since = program.since, try isLater(since) { continue }
            guard let package = program.package, !wishes.contains(where: { $0.name == package }) else { continue }
            wishes.append(
                PackageWish(
                    name: package, suites: bundled.suites, withDependencies: false, upstream: bundled.version))
        }
        return wishes
    }
}

extension Definition.GoSource {
    /// Returns the library that has the version, with everything that it needs, and the packages requested beside it.
    fileprivate func wishes(for version: Definition.BundledVersion) -> [PackageWish] {
        guard case .packages(let name, let others) = self else { return [] }
        let source = PackageWish(
            name: name, suites: version.suites, withDependencies: true, upstream: version.version)
        return [source]
            + others.map { other in
                PackageWish(
                    name: other.name, suites: other.suites ?? version.suites,
                    withDependencies: other.withDependencies)
            }
    }
}

extension DebianPackage {
    /// Whether the package contains Go source (Debian's Go policy names it `golang-…-dev`, the same for every
    /// architecture). The C libraries and tools on which such packages depend are for builds with cgo, which do not
    /// occur here.
    fileprivate var isGoSource: Bool { name.hasPrefix("golang-") && architecture == "all" }
}
