package import OCIModel

extension Definition {
    /// The digest of exactly those parts that decide which inputs the image has and how the lock describes them.
    ///
    /// A lock made for another digest is stale. Labels, users, files, configuration and the revision do not count, nor
    /// does the order of platforms; the order of suites and packages does, since it can decide between equal
    /// candidates.
    package var requirementsDigest: Digest {
        get throws { Digest(of: try CanonicalJSON.encode(Requirements(self))) }
    }
}

/// The document whose digest is `requirementsDigest`. A test pins its encoding: a change makes every lock stale.
private struct Requirements: Encodable {
    struct Package: Encodable {
        var name: String
        var suites: [String]?
        var dependencies: Bool
    }

    struct Version: Encodable {
        var version: String
        var suites: [String]
        var packages: [String]
        /// Absent if empty, like all keys that were added later.
        var sha256: [String: Digest]?
    }

    struct Archive: Encodable {
        var platforms: [String]
        var urls: [String]
        var sums: String?
        var sha256: [String: Digest]
    }

    struct Go: Encodable {
        var platforms: [String]
        var source: String?
        var packages: [Package]?
        var archive: Archive?
        /// The published modules; they and the packages compiled from them (`targets`) decide what is fetched.
        var modules: [String]?
        var targets: [String]?
    }

    struct Toolchain: Encodable {
        var package: String?
        var suites: [String]?
        var archive: Archive?
    }

    var schema = 1
    var platforms: [String]
    var suites: [String]
    var packages: [Package]
    var acceptExpired: [String]
    /// Absent if empty, so that locks made before this key existed stay fresh.
    var acceptMissing: [String]?
    /// The image and its digest.
    var base: [String]?
    /// Absent if there are no Windows platforms.
    var windowsBase: String?
    var bundle: [Version]
    var archives: [Archive]?
    var go: [Go]?
    var toolchain: Toolchain?
    /// The compression, since the lock names the codec.
    var compression: String

    init(_ definition: Definition) {
        platforms = definition.platforms.map(\.description).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        suites = definition.debian?.suites ?? []
        packages = (definition.debian?.packages ?? []).map(Package.init)
        acceptExpired = (definition.debian?.acceptExpired ?? []).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        let missing = (definition.debian?.acceptMissing ?? []).map(\.description)
        acceptMissing = missing.isEmpty ? nil : missing.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        base = definition.base.map { [$0.reference, $0.digest.description] }
        windowsBase = definition.platforms.contains { $0.os == "windows" } ? definition.windowsBase : nil
        compression = definition.compression.rawValue
        bundle = (definition.bundle?.versions ?? []).map { version in
            let packages = Set((definition.bundle?.programs(of: version) ?? []).compactMap(\.package))
            return Version(
                version: version.version, suites: version.suites,
                packages: packages.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) },
                sha256: version.sha256.isEmpty ? nil : version.sha256)
        }
        addInputs(definition)
    }

    private mutating func addInputs(_ definition: Definition) {
        let bundled = (definition.bundle?.archives ?? []).map(Archive.init)
        let single = definition.inputFiles.compactMap { file in
            if case .archive(let archive, _) = file.kind { Archive(archive) } else { nil }
        }
        archives = bundled.isEmpty && single.isEmpty ? nil : bundled + single
        let sources = definition.inputFiles.compactMap { file in
            if case .go(let source, _) = file.kind { Go(source, platforms: []) } else { nil }
        }
        let builds = (definition.bundle?.go).map { [Go($0.source, platforms: $0.platforms)] } ?? []
        let modules = definition.goModuleRequests.map { request in
            Go(
                platforms: request.platforms.map(\.description), modules: request.modules.map(\.description),
                targets: request.packages)
        }
        go = builds.isEmpty && sources.isEmpty ? nil : builds + sources + modules
        switch definition.goToolchain {
        case .packages(let name, let suites): toolchain = Toolchain(package: name, suites: suites)
        case .archive(let archive): toolchain = Toolchain(archive: Archive(archive))
        case nil: break
        }
    }
}

extension Requirements.Package {
    fileprivate init(_ requirement: Definition.PackageRequirement) {
        self.init(name: requirement.name, suites: requirement.suites, dependencies: requirement.withDependencies)
    }
}

extension Requirements.Archive {
    fileprivate init(_ requirement: Definition.ArchiveRequirement) {
        self.init(
            platforms: requirement.platforms, urls: requirement.urls, sums: requirement.sums,
            sha256: requirement.sha256)
    }
}

extension Requirements.Go {
    /// Creates the entry of a source. A folder adds nothing to it, because its files belong to the repository and are
    /// not locked.
    fileprivate init(_ source: Definition.GoSource, platforms: [String]) {
        self.init(platforms: platforms)
        switch source {
        case .packages(let name, let others):
            self.source = name
            packages = others.map(Requirements.Package.init)
        case .archive(let requirement): archive = Requirements.Archive(requirement)
        case .folder, .modules: break
        }
    }
}
