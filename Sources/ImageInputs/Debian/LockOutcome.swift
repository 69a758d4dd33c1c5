import ImageDefinition
import OCIModel

/// What resolution has found so far, platform by platform; a lock once all are there and nothing is missing.
struct LockOutcome {
    let releases: [SignedRelease]
    private var platforms: [String: Lock.PlatformInputs] = [:]
    private var indexes: [String: [Lock.PackagesIndex]] = [:]
    private var missing: Set<IndexSource> = []
    private var stanzas: [IndexSource: [DebianPackage]] = [:]
    private var requiredBy: [String: [String: [String]]] = [:]
    /// In the order found, each with the architectures that have it.
    private var problems: [(text: String, architectures: [String])] = []

    init(releases: [SignedRelease]) { self.releases = releases }

    mutating func add(_ definition: Definition, _ platform: Platform, _ suiteIndexes: SuiteIndexes) throws {
        let suites = definition.debian?.suites ?? []
        var base: [Lock.Package] = []
        // Debian has packages for Linux alone.
        for chosen in platform.os == "linux" ? try resolve(definition.baseWishes, suites, suiteIndexes) : [] {
            base.append(Lock.Package(chosen.candidate))
            requiredBy[platform.description, default: [:]][chosen.candidate.package.name] = chosen.requiredBy
        }
        var bundle: [String: [Lock.Package]] = [:]
        for version in definition.bundle?.versions ?? [] where platform.os == "linux" {
            let chosen = try resolve(definition.wishes(for: version), version.suites, suiteIndexes)
            bundle[version.version] = chosen.map { Lock.Package($0.candidate) }
        }
        platforms[platform.description] = Lock.PlatformInputs(base: base, bundle: bundle)
        missing.formUnion(suiteIndexes.missing)
        for release in releases {
            let index = try release.index(for: suiteIndexes.architecture)
            guard !missing.contains(IndexSource(index, of: release)) else { continue }
            // Platforms of one architecture, of Linux and of Windows, share its index.
            guard !(indexes[release.suite]?.contains(index) ?? false) else { continue }
            indexes[release.suite, default: []].append(index)
        }
    }

    private mutating func resolve(
        _ wishes: [PackageWish], _ suites: [String], _ indexes: SuiteIndexes
    ) throws -> [PackageResolution.Chosen] {
        let (resolution, found) = try PackageResolver.resolve(wishes, suites: suites, from: indexes)
        for chosen in resolution.packages {
            var package = chosen.candidate.package
            // A copy: a slice would keep the whole index in memory.
            package.stanza = Stanza(Array(package.stanza.bytes)[...])
            stanzas[chosen.candidate.source, default: []].append(package)
        }
        for problem in found {
            if let known = problems.firstIndex(where: { $0.text == problem.text }) {
                problems[known].architectures.append(indexes.architecture)
            } else {
                problems.append((problem.text, [indexes.architecture]))
            }
        }
        return resolution.packages
    }

    /// - Throws: `ImageInputsError(.unsatisfiable)` with all problems of all architectures.
    func finish(_ name: String, requirements: Digest, codec: String) throws -> LockedInputs {
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
            return release.locked(indexes: indexes[release.suite] ?? [], missing: absent)
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
        let lock = Lock(requirements: requirements, codec: codec, releases: locked, platforms: platforms)
        return LockedInputs(lock: lock, proof: proof, requiredBy: requiredBy)
    }
}

extension Definition {
    /// Every suite that something is taken from, each once, the base's first.
    var debianSuites: [String] {
        let all =
            (debian?.suites ?? []) + (debian?.packages.flatMap { $0.suites ?? [] } ?? [])
            + (bundle?.versions.flatMap(\.suites) ?? [])
        var seen: Set<String> = []
        return all.filter { seen.insert($0).inserted }
    }

    var baseWishes: [PackageWish] {
        (debian?.packages ?? []).map { package in
            PackageWish(
                name: package.name, suites: package.suites ?? debian?.suites ?? [],
                withDependencies: package.withDependencies)
        }
    }

    /// The packages that hold a bundled version's programs: their files alone, the base has what they need.
    func wishes(for bundled: BundledVersion) throws(ImageInputsError) -> [PackageWish] {
        let version = try DebianVersion(bundled.version)
        var wishes: [PackageWish] = []
        for program in bundle?.programs ?? [] {
            if let since = program.since, try DebianVersion(since) > version { continue }
            guard !wishes.contains(where: { $0.name == program.package }) else { continue }
            wishes.append(
                PackageWish(
                    name: program.package, suites: bundled.suites, withDependencies: false, upstream: bundled.version))
        }
        return wishes
    }
}
